select surface, root, path, kind, writer, time_key, cadence_seconds from {{ ref("int_surfaces") }}
