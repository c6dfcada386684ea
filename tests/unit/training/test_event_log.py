"""Logs for TensorBoard, read back as TensorBoard reads them."""

import importlib.util

import pytest

from jetmix.errors import ToolMissingError, UsageError
from jetmix.models import keras_env
from jetmix.training.event_log import TAGS, EventLog, check_event_log

from .conftest import jetmix

keras_env.activate()
ROW = {
    "epoch": 1, "loss": 1.5, "val_loss": 1.25, "val_target_loss": 0.5,
    "val_accuracy": 0.5, "ebops": 4096, "lut": 3000.0, "beta": 1e-6,
    "learning_rate": 0.25, "seconds": 2.0,
}  # fmt: skip


def events(folder):
    """Return {tag: {epoch: value}} of all event files."""
    from tensorflow import io
    from tensorflow.core.util.event_pb2 import Event
    from tensorflow.data import TFRecordDataset

    found = {}
    for path in sorted(folder.iterdir()):
        for record in TFRecordDataset(str(path)):
            event = Event.FromString(record.numpy())
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                number = float(io.parse_tensor(value.tensor.SerializeToString(), "float32"))
                found.setdefault(value.tag, {})[event.step] = number
    return found


def test_every_figure_of_every_epoch_is_logged(tmp_path):
    log = EventLog(tmp_path / "logs")
    log.add(ROW)
    log.add(ROW | {"epoch": 2, "loss": 0.75})
    found = events(tmp_path / "logs")
    assert set(found) == set(TAGS.values())
    assert found["loss/train"] == {1: 1.5, 2: 0.75}
    assert found["size/EBOPs"] == {1: 4096.0, 2: 4096.0}
    assert found["size/LUT"] == {1: 3000.0, 2: 3000.0}


def test_train_command_writes_logs(recipe, data, tmp_path):
    logs = tmp_path / "logs"
    command = ["train", recipe, "--data", data, "--run", tmp_path / "run", "--tensorboard", logs]
    done = jetmix(*command)
    assert done.returncode == 0, done.stderr
    assert set(events(logs)["accuracy/validation"]) == {1, 2, 3}


def test_missing_tensorflow_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ToolMissingError, match="TensorFlow, which is not installed; pip install"):
        check_event_log(tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot make the folder of the TensorBoard logs"):
        check_event_log(tmp_path / "file")
