"""Speech by pyttsx3 over espeak-ng: the only file that imports pyttsx3, and only inside the rendering child.

espeak-ng is GPL and can hang or crash, so no program that fires calls may load it: it is loaded when an engine is made.
`IDENTITY` is known without it. espeak-ng is given the tones as they are said: third tones that meet are changed here.
"""

import ctypes
import os
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from audio import synthesizer
from audio.syllables import Reading, parsed, said, toned
from audio.synthesizer import Spoken
from config.errors import OutsideError

VOICE = "sit/cmn-latn-pinyin"
"""Reads toned pinyin. `cmn` spells hanzi in English, and an unknown voice speaks English without a word."""
RATE_WPM = 120
"""“请注意，三年级一班正在放学。” lasts 5.1 s."""

_ENDED_S = 30.0
"""A sentence takes 10 ms; 3,000 times that is a busy machine."""
_RATE = 1
"""espeakRATE of speak_lib.h."""
_TONES = {1: "55", 2: "35", 3: "214", 4: "51", 5: "11"}
"""Tones as espeak-ng writes them among its phonemes."""
_PROOF = parsed("san1nian2ji2yi1ban1")
_NOT_READ = re.compile("(?<=[jqx])i(?=ong)")
"""The voice reads jiong, qiong and xiong in English, jong, qong and xong as these."""


def _identity(voice: str) -> str:
    return synthesizer.identity("pyttsx3", synthesizer.version("espeakng-loader"), voice, str(RATE_WPM))


IDENTITY = _identity(VOICE)


class Pyttsx3Synthesizer:
    """Blocks. Raises OutsideError when the engine cannot be loaded. One a process: with a second, both hang."""

    _made = False

    def __init__(self, voice: str = VOICE) -> None:
        assert not Pyttsx3Synthesizer._made, "one speech engine a process"
        Pyttsx3Synthesizer._made = True
        self.identity = _identity(voice)
        self._voice = voice
        self._espeak, self._engine = _load()
        self._ended = threading.Event()
        self._cancelled = False
        self._engine.connect("finished-utterance", self._on_finished)
        self._engine.setProperty("voice", voice)  # waits in a queue until a run
        # A run begins with a cancel if espeak's thread is busy, which loses the parameters on their way to it, and the
        # next sentence. So: never a run while it is busy, and the rate is set past pyttsx3.
        self._espeak.espeak_Synchronize()
        self._engine.runAndWait()
        self._espeak.espeak_SetParameter(_RATE, RATE_WPM, 0)
        self._espeak.espeak_Synchronize()

    def check(self) -> None:
        voice = self._engine.getProperty("voice")
        if voice != self._voice:
            message = f"espeak-ng has no voice {self._voice} (it would speak {voice}): install espeakng-loader"
            raise OutsideError(message)
        rate_wpm = self._engine.getProperty("rate")
        if rate_wpm != RATE_WPM:
            message = f"espeak-ng speaks at {rate_wpm} words a minute, not {RATE_WPM}"
            raise OutsideError(message)
        if why := self._misread(_PROOF):
            message = f"{why}, which is not Mandarin: install espeakng-loader"
            raise OutsideError(message)

    def speak(self, readings: Sequence[Reading], folder: Path) -> Iterator[Spoken]:
        for number, reading in enumerate(readings):
            if why := self._misread(reading):
                yield Spoken(reading, None, why)
            else:
                yield self._speak_one(reading, folder / f"{number}.wav")

    def _misread(self, reading: Reading) -> str:
        """What the voice would make of a reading, when that is not one syllable each in its tone; else nothing."""
        phonemes = self._phonemes(_spelled(reading))
        if "(en)" not in phonemes and re.findall(r"\d+", phonemes) == [_TONES[one.tone] for one in said(reading)]:
            return ""
        return f"espeak-ng reads {toned(reading)} as {phonemes}"

    def _speak_one(self, reading: Reading, wav: Path) -> Spoken:
        """One sentence a run: of two jobs in one run only the last file is written."""
        self._ended.clear()
        self._engine.save_to_file(_spelled(reading), str(wav))
        self._engine.runAndWait()
        # runAndWait may return at once: espeak's own thread speaks, writes the file and then tells us.
        if not self._ended.wait(_ENDED_S) or self._cancelled:
            # What it still does could end up in the file of the next sentence: another class.
            message = f"the speech engine lost “{toned(reading)}”"
            raise OutsideError(message)
        # That thread is still inside pyttsx3: the next sentence would meet it there.
        self._espeak.espeak_Synchronize()
        if not wav.is_file():
            return Spoken(reading, None, "the speech engine wrote no file")
        return Spoken(reading, wav)

    def _on_finished(self, *, completed: bool, **_: object) -> None:
        """On espeak's thread when the file is written; on ours, not completed, when pyttsx3 cancelled the sentence."""
        self._cancelled = self._cancelled or not completed
        self._ended.set()

    def _phonemes(self, spelled: str) -> str:
        """What the voice makes of pinyin: the tones as numbers, other languages as "(en)"."""
        rest = ctypes.c_char_p(spelled.encode())
        clauses: list[str] = []
        while rest.value:
            clauses.append((self._espeak.espeak_TextToPhonemes(ctypes.byref(rest), 1, 0) or b"").decode())
        return " ".join(clauses)


def _spelled(reading: Reading) -> str:
    """Pinyin as the voice takes it, glued by word."""
    return _NOT_READ.sub("", toned(said(reading)))


def _load() -> tuple[ctypes.CDLL, Any]:
    """The library of espeakng-loader, else the system's, and pyttsx3 on top of the same one."""
    try:
        import espeakng_loader  # noqa: PLC0415 (only the child loads it)

        # Loaded first, it is what pyttsx3 gets when it asks for libespeak-ng.so.1: it has that name inside.
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    except (ImportError, OSError):
        try:
            library = ctypes.CDLL("libespeak-ng.so.1")
        except OSError as error:
            message = "no espeak-ng: install espeakng-loader"
            raise OutsideError(message) from error
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
    try:
        import pyttsx3  # noqa: PLC0415 (after the library it must use)

        return library, pyttsx3.init("espeak")
    except (ImportError, RuntimeError, OSError) as error:
        message = f"pyttsx3 does not start: {error}"
        raise OutsideError(message) from error
