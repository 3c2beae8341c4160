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


def agent_rows(agent: int, label: str = '"Pedestrian"') -> list[Row]:
    """A box of 10 x 10 pixels that goes 2 pixels a frame to the right, annotated at every frame."""
    return [
        [agent, x := 2 * frame + 50 * agent, 100 * agent, x + 10, 100 * agent + 10, frame]
        + [0, 0, 0, label]
        for frame in range(10 * agent, FRAMES)
    ]


def text_of(rows: list[Row]) -> str:
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)


def write_annotations(
    folder: Path, change: Callable[[Row], Row] = lambda row: row, agents: int = 3
) -> None:
    """Writes all sixty videos with the same agents, each row changed."""
    rows = [change(row) for agent in range(agents) for row in agent_rows(agent)]
    for scene, videos in VIDEOS.items():
        for number in range(videos):
            path = folder / scene / f"video{number}" / "annotations.txt"
            path.parent.mkdir(parents=True)
            path.write_text(text_of(rows))
