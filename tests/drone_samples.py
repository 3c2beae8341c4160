"""Annotations in the format of the Stanford Drone Dataset, for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

VIDEOS = {
    **{"bookstore": 7, "coupa": 4, "deathCircle": 5, "gates": 9},
    **{"hyang": 15, "little": 4, "nexus": 12, "quad": 4},
}
FRAMES = 80

Row = list


def agent_rows(agent: int, begin: int = 0, label: str = '"Pedestrian"') -> list[Row]:
    """A box of 10 x 10 pixels that goes 2 pixels a frame to the right, annotated at every frame."""
    left, low = 50 * agent, 100 * agent
    return [
        [agent, left + 2 * at, low, left + 2 * at + 10, low + 10, at, 0, 0, 0, label]
        for at in range(begin, FRAMES)
    ]


def text_of(rows: list[Row]) -> str:
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)


def write_annotations(
    folder: Path, change: Callable[[Row], Row] = lambda row: row, agents: int = 3
) -> None:
    """Writes all sixty videos with the same agents, each row changed."""
    rows = [change(row) for agent in range(agents) for row in agent_rows(agent, 10 * agent % 40)]
    for scene, videos in VIDEOS.items():
        for number in range(videos):
            path = folder / scene / f"video{number}" / "annotations.txt"
            path.parent.mkdir(parents=True)
            path.write_text(text_of(rows))
