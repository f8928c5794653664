"""What a Whisper starts with, ends with and must not say, from its generation settings."""

from dataclasses import dataclass

from transformers import GenerationConfig, WhisperTokenizer

from explorer.errors import CheckpointError


@dataclass(frozen=True)
class TokenRules:
    """What a Whisper starts with, ends with and must not say.

    Attributes:
        prompt: ids before the first word.
        end: id of ``<|endoftext|>``.
        suppressed: ids never chosen.
        suppressed_first: ids not chosen as the first.
    """

    prompt: tuple[int, ...]
    end: int
    suppressed: tuple[int, ...]
    suppressed_first: tuple[int, ...]


def is_multilingual(settings: GenerationConfig) -> bool:
    """Say whether the prompt names language and task."""
    return bool(getattr(settings, "is_multilingual", False))


def token_rules(settings: GenerationConfig, tokenizer: WhisperTokenizer, language: str, name: str) -> TokenRules:
    """Read the rules of a base model.

    Args:
        settings: of generation.
        tokenizer: of the same model.
        language: two-letter code, for multilingual models.
        name: of the model, for messages.

    Raises:
        CheckpointError: settings are missing, or the language is unknown.
    """
    prompt = [settings.decoder_start_token_id]
    if is_multilingual(settings):
        spoken = getattr(settings, "lang_to_id", {}).get(f"<|{language}|>")
        if spoken is None:
            raise CheckpointError(f"{name}: does not know language {language!r}; use a code such as en.")
        prompt += [spoken, getattr(settings, "task_to_id", {}).get("transcribe")]
    prompt.append(getattr(settings, "no_timestamps_token_id", None))
    if None in (*prompt, settings.eos_token_id):
        raise CheckpointError(f"{name}: its generation settings lack prompt tokens; fetch the base again.")
    # Without its vocabulary file transformers makes an empty tokenizer, which turns every answer into nothing.
    if (known := tokenizer.convert_tokens_to_ids("<|notimestamps|>")) != prompt[-1]:
        raise CheckpointError(
            f"{name}: <|notimestamps|> is {known} for its tokenizer, but {prompt[-1]} in its generation settings; "
            f"fetch the base again."
        )
    return TokenRules(
        tuple(prompt),
        settings.eos_token_id,
        tuple(settings.suppress_tokens or ()),
        tuple(settings.begin_suppress_tokens or ()),
    )
