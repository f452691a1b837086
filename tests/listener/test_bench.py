"""The benchmark of the listener runs on any file of its columns, and its two figures are right."""

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest

from tests.bench.evidence import main, measure
from tests.bench.rates import area_under_curve, ridge_logistic, sensitivity


def recorded(path: Path, people: int, columns: tuple[str, ...]) -> Path:
    """Each person: ten calm minutes, five of arousal, five calm."""
    lines, noise = [",".join(("participant", "t_s", "stress", *columns))], random.Random(1)
    for person in range(people):
        for t in range(1200):
            aroused = 600 <= t < 900
            heart, eda = 65 + 3 * person + 20 * aroused + noise.gauss(0, 2), 0.4 * math.exp(aroused)
            cells = {"hr_bpm": f"{heart:.1f}", "eda_us": f"{eda + noise.gauss(0, 0.01):.3f}", "motion_g": ""}
            lines.append(",".join((str(person), str(t), str(int(aroused)), *(cells[c] for c in columns))))
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("columns", [("hr_bpm", "eda_us", "motion_g"), ("hr_bpm",)])
def test_it_tells_arousal_from_calm(
    tmp_path: Path,
    columns: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = recorded(tmp_path / "made.csv", 3, columns)
    monkeypatch.setattr("sys.argv", ["evidence", str(path)])
    main()
    found = json.loads(capsys.readouterr().out)
    assert found["auc"] > 0.9 and found["loo_auc"] > 0.9 and found["people"] == 3
    assert found["false_triggers_per_h"] == 0.0


def test_one_person_has_no_figure_of_people_left_out(tmp_path: Path) -> None:
    found = measure(recorded(tmp_path / "one.csv", 1, ("hr_bpm", "eda_us")))
    assert found["people"] == 1 and "loo_auc" not in found


def test_a_file_without_labels_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("participant,t_s,hr_bpm\n1,0,70\n")
    monkeypatch.setattr("sys.argv", ["evidence", str(path)])
    with pytest.raises(SystemExit, match="1"):
        main()
    assert "no window" in capsys.readouterr().err


def test_the_two_figures() -> None:
    labels = np.array([0.0, 0.0, 1.0, 1.0])
    assert area_under_curve(np.array([0.1, 0.4, 0.35, 0.8]), labels) == 0.75
    assert area_under_curve(np.array([1.0, 1.0, 1.0, 1.0]), labels) == 0.5
    assert sensitivity(np.arange(200.0), np.repeat([0.0, 1.0], 100), 0.05) == 1.0
    assert math.isnan(area_under_curve(np.zeros(2), np.ones(2)))


def test_weights_that_may_not_be_negative() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(500, 2))
    labels = (features[:, 0] - features[:, 1] + rng.normal(size=500) > 0).astype(float)
    free, _ = ridge_logistic(features, labels)
    held, _ = ridge_logistic(features, labels, positive=(1,))
    assert free[1] > 0.5 and free[2] < -0.5 and held[1] > 0.3 and held[2] == 0.0
