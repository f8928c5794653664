"""What synthetic speakers say: a third- to fifth-grader to a science tutor, and adults who read aloud.

All of it was written for this project. Every sentence is a frame with its blanks filled; fillers and false starts are
part of what is said, and so of the reference.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

Kind = Literal["child", "adult"]

_OPENINGS = (
    "",
    "",
    "",
    "um, ",
    "I think ",
    "well, ",
    "so, ",
    "uh, I think ",
    "maybe ",
    "okay, so ",
    "I guess ",
    "yeah, ",
)
_CHILD: Mapping[str, Sequence[Sequence[str]]] = {
    "the {0} {1} because it's {2}": (
        ("cork", "marble", "paper clip", "wooden block", "sponge", "penny"),
        ("floats", "goes down", "stays up", "falls over", "moves slower", "rolls away"),
        ("made of metal", "so light", "full of air", "really heavy", "kind of round", "wet"),
    ),
    "when we added {0} the {1} got {2}": (
        ("more sand", "another washer", "warm water", "some sugar", "a second battery", "the fan"),
        ("motor", "boat", "mixture", "puddle", "pendulum", "string"),
        ("faster", "slower", "bigger", "a little bit hotter", "cloudy", "heavier"),
    ),
    "I see {0} and they're {1}": (
        ("two wires", "a bunch of seeds", "lots of tiny bubbles", "some roots", "three planets", "little crystals"),
        ("touching the switch", "growing toward the window", "going around in a circle", "stuck to the side"),
    ),
    "the {0} needs {1} so it can {2}": (
        ("bean plant", "caterpillar", "circuit", "frog", "pine tree", "spider"),
        ("sunlight", "a place to hide", "energy", "water and air", "something to eat"),
        ("grow", "live", "work", "make its own food", "stay warm"),
    ),
    "if you {0} it {1}": (
        ("pull it back farther", "heat it up", "turn the crank", "leave it outside", "put two of them together"),
        ("turns into gas", "makes more power", "gets stronger", "dries up", "goes the other way", "makes a low sound"),
    ),
    "we, we {0} the {1} with {2}": (
        ("measured", "weighed", "tested", "covered"),
        ("soil", "ramp", "leaf", "shadow", "bottle"),
        ("a ruler", "the scale", "a piece of foil", "our thermometer", "a flashlight"),
    ),
    "it's, like, a {0} that {1}": (
        ("machine", "animal", "rock", "force", "planet", "pattern"),
        ("pushes on stuff", "comes out at night", "has layers in it", "you can't really see", "keeps happening again"),
    ),
    "my {0} said {1} comes from {2}": (
        ("teacher", "dad", "partner", "big sister"),
        ("electricity", "wind", "the sand", "most of our food", "sound"),
        ("mountains", "things that shake", "the sun", "the ocean", "power plants"),
    ),
    "I don't know, {0} the {1} is {2}": (
        ("but", "maybe", "'cause", "I just think"),
        ("north pole", "shell", "bulb", "muscle", "gravity"),
        ("pulling it", "protecting it", "broken", "getting tired", "inside the earth"),
    ),
}
_ADULT: Mapping[str, Sequence[Sequence[str]]] = {
    "The {0} {1} arrived {2}.": (
        ("first", "morning", "last", "express", "visiting"),
        ("train", "guests", "letter", "delivery", "students"),
        ("an hour late", "without warning", "before sunrise", "on Thursday", "at the north gate"),
    ),
    "She asked whether the {0} would {1} by {2}.": (
        ("report", "bridge", "museum", "new library", "weather"),
        ("be ready", "open again", "improve", "change", "be finished"),
        ("the weekend", "early spring", "noon", "the end of the year"),
    ),
    "Most people {0} {1} when they {2}.": (
        ("prefer", "forget", "enjoy", "talk about", "look for"),
        ("fresh bread", "old photographs", "quiet streets", "a good story", "their neighbors"),
        ("travel", "get older", "stay at home", "have a free afternoon"),
    ),
    "Please {0} the {1} {2}.": (
        ("leave", "bring", "check", "wash", "return"),
        ("keys", "blue folder", "dishes", "umbrella", "tickets"),
        ("on the kitchen table", "before you go", "to the front desk", "after dinner", "as soon as you can"),
    ),
    "There were {0} {1} {2}.": (
        ("seven", "a few", "nearly forty", "no", "too many"),
        ("chairs", "sailboats", "questions", "customers", "apple trees"),
        ("behind the house", "along the river", "in the waiting room", "that afternoon"),
    ),
    "He {0} for {1} and then {2}.": (
        ("walked", "waited", "studied", "worked"),
        ("twenty minutes", "several years", "most of the night", "a short while"),
        ("went home", "called his brother", "started over", "moved to the coast", "bought a bicycle"),
    ),
    "It is {0} to {1} in {2}.": (
        ("easier", "unusual", "expensive", "pleasant", "important"),
        ("find work", "see snow", "rent a room", "go swimming", "stay healthy"),
        ("a big city", "the autumn", "this valley", "a small village"),
    ),
}


def sentences(kind: Kind, number: int, seed: int, forbidden: Sequence[str] = ()) -> list[str]:
    """Draw different sentences, frame after frame.

    Args:
        kind: who speaks.
        number: how many; as many as the frames give at most.
        seed: of the draw.
        forbidden: sentences that must not come up, however they are spelt and punctuated.

    Returns:
        Up to ``number`` sentences; fewer of the same seed are the first of more.
    """
    generator = np.random.default_rng([seed, kind == "child"])
    frames = _CHILD if kind == "child" else _ADULT
    filled = [[frame.format(*words) for words in itertools.product(*blanks)] for frame, blanks in frames.items()]
    decks = [[deck[index] for index in generator.permutation(len(deck))] for deck in filled]
    dealt = [each for round_ in itertools.zip_longest(*decks) for each in round_ if each is not None]
    banned = {words_of(each) for each in forbidden}
    found = []
    for sentence in dealt:
        said = sentence
        if kind == "child":
            opening = _OPENINGS[generator.integers(len(_OPENINGS))]
            said = f"{opening}{sentence}."
            said = said[0].upper() + said[1:]
        if words_of(said) not in banned and words_of(sentence) not in banned:
            found.append(said)
        if len(found) == number:
            break
    return found


def words_of(sentence: str) -> str:
    """Return the words alone: lower case, no punctuation but apostrophes."""
    return " ".join(re.sub(r"[^\w\s']", " ", sentence.lower()).split())
