#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""plot.py RESULT.json FOLDER: draw each table of a benchmark's result as FOLDER/PART-KEY.svg

Where the rows are numbers that grow (targets, containers), lines; else a row of dots for each. Both
with a logarithmic scale, its unit, and a whisker from p10 to p90. A variant has the same colour in all drawings. Colours
are of middle brightness, so that they can be read on white and on black; text follows what the reader prefers.
"""

import json
import math
import pathlib
import re
import sys
from xml.sax.saxutils import escape

WIDTH = 760
LEFT = 190
RIGHT = 130
TOP = 52
ROW = 34
LINES_HEIGHT = 300
COLOURS = {"native": "#7a869a", "floor": "#b8860b", "nsxattr": "#2f7ed8", "threads": "#c0504d", "kernel": "#3a9d5d",
           "fakeroot": "#8e63ce", "inline": "#e07b39", "bare": "#17a2a2", "bare-2": "#c2578d", "batch": "#6b8e23",
           "strict": "#a0522d", "process": "#d4a017", "pseudo": "#5f6fd1", "unchecked": "#b0475f", "alone": "#4f9fa8"}
STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #666; }
.title { font-size: 14px; font-weight: 600; }
.grid { stroke: #888; stroke-opacity: 0.3; }
@media (prefers-color-scheme: dark) { text { fill: #bbb; } }
</style>"""


def shown_columns(table):
    """The columns that have figures: (number, name)."""
    return [(i, column["name"]) for i, column in enumerate(table["columns"])
            if any(row["cells"][i] for row in table["rows"])]


def figures(table):
    """(row, column, median, p10, p90), scaled as in the tables, of what is above 0."""
    scale = table["scale"]
    for y, row in enumerate(table["rows"]):
        for x, cell in enumerate(row["cells"]):
            if cell and cell["p10"] > 0:
                yield y, x, cell["median"] / scale, cell["p10"] / scale, cell["p90"] / scale


def number(value):
    """A short text for a round number."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


class Scale:
    """A logarithmic scale from the smallest to the largest figure onto two coordinates."""

    def __init__(self, values, begin, end):
        self.low = math.log10(min(values) * 0.9)
        self.high = math.log10(max(values) * 1.1)
        self.begin, self.end = begin, end

    def at(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + part * (self.end - self.begin)

    def ticks(self):
        few = self.high - self.low > 2.5
        steps = (1,) if few else (1, 2, 5)
        for power in range(math.floor(self.low), math.ceil(self.high) + 1):
            for step in steps:
                value = step * 10.0 ** power
                if self.low <= math.log10(value) <= self.high:
                    yield value


def line(x1, y1, x2, y2, attributes='class="grid"'):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {attributes}/>'


def text(x, y, content, attributes=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(content)}</text>'


def colours_of(columns):
    """The colour of each column: that of its variant; other columns have those that are left, in turn."""
    names = {name for _, name in columns}
    left = iter([c for name, c in COLOURS.items() if name not in names] * 2)
    return {i: COLOURS.get(name) or next(left) for i, name in columns}


def title_of(table):
    """The title and the unit, which is what follows its last comma; a title without one is the unit."""
    title, _, unit = table["title"].rpartition(", ")
    return title or unit, "µs" if unit == "us" else unit


def legend(columns, colours):
    out = []
    for place, (i, name) in enumerate(columns):
        y = TOP + 12 + place * 18
        out.append(f'<circle cx="{WIDTH - RIGHT + 22}" cy="{y - 4}" r="4.5" fill="{colours[i]}"/>')
        out.append(text(WIDTH - RIGHT + 32, y, name))
    return out


def draw_dots(table, points, columns, colours):
    """A row for each row, from left to right; columns a little below each other."""
    bottom = TOP + ROW * len(table["rows"])
    scale = Scale([v for p in points for v in p[2:]], LEFT, WIDTH - RIGHT)
    out = []
    for value in scale.ticks():
        x = scale.at(value)
        out += [line(x, TOP, x, bottom), text(x, bottom + 16, number(value), 'text-anchor="middle"')]
    for y, row in enumerate(table["rows"]):
        middle = TOP + ROW * (y + 0.5)
        out += [text(LEFT - 10, middle + 4, row["label"], 'text-anchor="end"'),
                line(LEFT, TOP + ROW * y, WIDTH - RIGHT, TOP + ROW * y)]
    order = {i: place for place, (i, _) in enumerate(columns)}
    for y, x, median, p10, p90 in points:
        at = TOP + ROW * y + ROW * (order[x] + 1) / (len(columns) + 1)
        out.append(line(scale.at(p10), at, scale.at(p90), at,
                        f'stroke="{colours[x]}" stroke-width="2" stroke-opacity="0.6"'))
        out.append(f'<circle cx="{scale.at(median):.1f}" cy="{at:.1f}" r="4" fill="{colours[x]}"/>')
    out.append(text(WIDTH - RIGHT, bottom + 32, title_of(table)[1], 'text-anchor="end"'))
    return out, bottom + 46


def draw_lines(table, points, columns, colours):
    """A column for each row, a line for each column."""
    bottom = TOP + LINES_HEIGHT
    scale = Scale([v for p in points for v in p[2:]], bottom, TOP)
    count = len(table["rows"])
    place = [LEFT / 2 + (WIDTH - RIGHT - LEFT / 2) * (i + 0.5) / count for i in range(count)]
    out = []
    for value in scale.ticks():
        y = scale.at(value)
        out += [line(LEFT / 2, y, WIDTH - RIGHT, y),
                text(LEFT / 2 - 8, y + 4, number(value), 'text-anchor="end"')]
    for x, row in zip(place, table["rows"]):
        out.append(text(x, bottom + 18, row["label"], 'text-anchor="middle"'))
    for i, _ in columns:
        mine = [p for p in points if p[1] == i]
        path = " ".join(f"{place[y]:.1f},{scale.at(median):.1f}" for y, _, median, _, _ in mine)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colours[i]}" stroke-width="2"/>')
        for y, _, median, p10, p90 in mine:
            x = place[y]
            out.append(line(x, scale.at(p10), x, scale.at(p90),
                            f'stroke="{colours[i]}" stroke-width="2" stroke-opacity="0.5"'))
            out.append(f'<circle cx="{x:.1f}" cy="{scale.at(median):.1f}" r="3.5" '
                       f'fill="{colours[i]}"/>')
    out.append(text(16, TOP - 6, title_of(table)[1]))
    return out, bottom + 32


def is_growing(table):
    """Whether the rows are a number that grows."""
    heads = [re.match(r"[\d,]+ ", row["label"]) for row in table["rows"]]
    return len(heads) > 2 and all(heads)


def draw(table, machine):
    """Return the SVG of a table; None when there is nothing to draw."""
    points = list(figures(table))
    if not points:
        return None
    columns = shown_columns(table)
    colours = colours_of(columns)
    body, height = (draw_lines if is_growing(table) else draw_dots)(table, points, columns, colours)
    height = max(height, TOP + 18 * len(columns) + 20) + 16
    note = f'{machine["processor"]}, {machine["cpus"]} CPUs, Linux {machine["kernel"]}'
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}" height="{height:.0f}" role="img">',
        STYLE, text(16, 24, f'{table["part"]}: {title_of(table)[0]}', 'class="title"'),
        *body, *legend(columns, colours), text(16, height - 8, note, 'fill-opacity="0.7"'), "</svg>",
        ""])


def main():
    result, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(result, encoding="utf-8") as file:
        run = json.load(file)
    for table in run["tables"]:
        # A table whose columns are of different kinds has no scale.
        drawn = draw(table, run["machine"]) if table["key"] != "holds" else None
        if drawn:
            (folder / f'{table["part"]}-{table["key"]}.svg').write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
