#!/bin/bash
# backup.sh HOME FOLDER: what a home cannot do without, as it is now, into FOLDER/<day>.
# The published file is replaced by rename and never written: whoever copies it has a whole one.
set -euo pipefail
home=$1
day=$2/$(date -u +%Y-%m-%d)
umask 077
rm -rf "$day.part"
mkdir -p "$day.part"
cp --reflink=auto "$home/warehouse.duckdb" "$home/settings.toml" "$day.part/"
cp -r "$home/journal" "$day.part/"
# Landing files never change: those of the backup before are linked, the new ones copied.
mkdir "$day.part/landing"
before=$(find "$2" -mindepth 2 -maxdepth 2 -path "$2/????-??-??/landing" | sort | tail -1)
if [ -n "$before" ]; then cp -rl "$before/." "$day.part/landing/"; fi
cp -rn "$home/landing/." "$day.part/landing/"
sync "$day.part"
rm -rf "$day"
mv "$day.part" "$day"
