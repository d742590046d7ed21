"""One palette: safe for colour-blind eyes, each colour with its twin for dark screens."""

INK, SOFT, GRID, BAND = "#1c2730", "#55626d", "#e3e7ea", "#e9ebee"
CRIT, WARN, OK, UNKNOWN = "#b3330c", "#c98a00", "#00795c", "#7d8791"

# Okabe and Ito's colours, darkened where they are too pale for white paper.
SERIES = ("#0067a5", "#cf5500", "#00866a", "#a9568a", "#5a9fd4", "#b08500", "#7d8791")

DARK = {
    INK: "#e8ecef",
    SOFT: "#a3afb9",
    GRID: "#2a343c",
    BAND: "#29323a",
    CRIT: "#ff7a4d",
    WARN: "#f0b429",
    OK: "#34c79d",
    UNKNOWN: "#8f9aa5",
    "#0067a5": "#58aee8",
    "#cf5500": "#ff9350",
    "#00866a": "#35cfa6",
    "#a9568a": "#e198c4",
    "#5a9fd4": "#a5d2f5",
    "#b08500": "#e5c04d",
}
