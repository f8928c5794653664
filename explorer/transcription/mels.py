"""Clips → log-mel features; those of clips heard before are recalled."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import pad
from transformers import WhisperFeatureExtractor

from explorer.audio import SAMPLE_RATE, Clip
from explorer.kept import Kept
from explorer.transcription.decoding import FRAMES_PER_POSITION, Decoding

_BYTES = 256 << 20  # what is kept
_TOGETHER = 16  # windows: a GPU is asked less often, and 16 of 30 s take 0.2 GB on the way
_EDGE_SAMPLES = 400  # of one frame: what lies beyond the window and is heard in its last frames


class Mels:
    """Computes log-mel features as a base's settings ask for them, each once."""

    def __init__(self, extractor: WhisperFeatureExtractor) -> None:
        """Take transformers' own extractor."""
        self._extractor = extractor
        self._kept = Kept(_BYTES)

    def of(self, clips: Sequence[Clip], decoding: Decoding, device: str) -> list[Tensor]:
        """Compute or recall features of clips of at most 30 s.

        Args:
            clips: any number; their windows may differ.
            decoding: options; of them only the window matters.
            device: ``cpu`` or ``cuda``, where they are computed.

        Returns:
            Of each float32, shape (mel bins, frames), on the CPU.
        """
        frames = [decoding.positions(clip.seconds) * FRAMES_PER_POSITION for clip in clips]
        found: dict[int, Tensor] = {}
        missing: dict[int, list[int]] = {}
        for place, (clip, count) in enumerate(zip(clips, frames, strict=True)):
            known = self._kept.find((clip.digest, count), None)
            if isinstance(known, Tensor):
                found[place] = known
            else:
                missing.setdefault(count, []).append(place)
        for count, places in missing.items():
            places.sort(key=lambda place: clips[place].seconds)  # what is computed together is as long as its longest
            for start in range(0, len(places), _TOGETHER):
                some = places[start : start + _TOGETHER]
                for place, mel in zip(some, self._computed([clips[each] for each in some], count, device), strict=True):
                    found[place] = mel.clone()  # not a view: it would keep all of them alive
                    self._kept.keep((clips[place].digest, count), None, found[place])
        return [found[place] for place in range(len(clips))]

    def _computed(self, clips: Sequence[Clip], frames: int, device: str) -> Tensor:
        # As much silence as the window has; what frames beyond it would hold, none within it shows. And no more of it
        # than one frame wants: in a window of 30 s most is silence, and all frames of silence are alike.
        hop = self._extractor.hop_length
        silent = -(-(max(len(clip.samples) for clip in clips) + _EDGE_SAMPLES) // hop) * hop
        mels = self._extractor(
            [clip.samples for clip in clips],
            sampling_rate=SAMPLE_RATE,
            return_tensors="pt",
            max_length=min(silent, frames * hop + _EDGE_SAMPLES, self._extractor.n_samples),
            device=device,
        ).input_features
        return pad(mels, (0, max(0, frames - mels.shape[-1])), mode="replicate")[..., :frames]
