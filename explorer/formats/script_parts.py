"""The pieces of an exported Python script; ``script`` fills them in and puts them together."""

START = '''
import re
import sys

import torch
from transformers import WhisperForConditionalGeneration, WhisperProcessor
{imports}
torch.set_num_threads(1)  # sums over a tensor depend on how many threads share it


def tensors(model):
    """Name → float32 tensor; the output projection is the embeddings' own."""
    return {{name: tensor for name, tensor in model.state_dict().items() if name != "proj_out.weight"}}


def checkpoint(folder, revision="main"):
    return WhisperForConditionalGeneration.from_pretrained(folder, revision=revision).float()

{vector}
base = checkpoint({base})
W0 = {{name: tensor.clone() for name, tensor in tensors(base).items()}}
W1 = {first}
W2 = {second}

'''
VECTOR = '''
def with_vector(path):
    """M0 + τ; matrices of τ may be 8-bit whole numbers with a scale for each row."""
    stored, added = load_file(path), dict(W0)
    for key, change in stored.items():
        name = key.removesuffix(".int8")
        if key.endswith(".int8"):
            scale = stored[name + ".scale"].float()
            change = change.float() * scale.reshape(-1, *[1] * (change.dim() - 1))
        if name in added:
            added[name] = W0[name] + change.float()
    return added

'''
END = """

merged = {{}}
for name in W0:
    merged[name] = merge(name, W0[name], W1[name], W2[name])
{add}
base.load_state_dict(merged, strict=False)
base.tie_weights()
target = sys.argv[1] if len(sys.argv) > 1 else "merged"
base.save_pretrained(target)
WhisperProcessor.from_pretrained({base}).save_pretrained(target)
"""
ADD = """
for vector, beta, parts in {rows}:
    other = {{"m1": W1, "m2": W2}}.get(vector) or {further}
    for name in W0:
        if re.search(parts, name) and not torch.equal(other[name], W0[name]):
            merged[name] = merged[name].clone()
            {operation}
"""
LERP = """
def mix(w1, w2, share):
    return w1 if share == 1 else w2 if share == 0 else torch.lerp(w2, w1, share)

"""
CURVE = """
# The share of M1 in every layer, lowest first; 1 is M1, 0 is M2.
RATIOS = {ratios}


def ratio_of(name):
    found = re.search(r"(encoder|decoder)\\.layers\\.(\\d+)\\.(self_attn|encoder_attn)\\.[{letters}]_proj", name)
    lane = found and found[1] + "." + found[3]
    return RATIOS[lane][int(found[2])] if lane in RATIOS else 1

"""
FINER = """
# The share of M1 in every module, or in every head of it; what is not here is M1's.
RATIOS = {ratios}


def merge(name, w0, w1, w2):
    share = RATIOS.get(name.rpartition(".")[0], 1)
    if not isinstance(share, tuple):
        return mix(w1, w2, share)
    heads = zip(w1.chunk(len(share)), w2.chunk(len(share)), share)
    return torch.cat([mix(*each) for each in heads])
"""
HEADS = """
def merge(name, w0, w1, w2):
    ratio = ratio_of(name)
    if ratio == 1:
        return w1
    heads = base.config.encoder_attention_heads if ".encoder." in name else base.config.decoder_attention_heads
    moved = ((w1 - w0).abs() + (w2 - w0).abs()).reshape(heads, -1).double().square().sum(dim=1).sqrt()
    best = torch.sort(moved, descending=True, stable=True).indices[: int({heads} * heads + 0.5)]
    w = w1.clone().reshape(heads, -1)
    w[best] = mix(w1, w2, ratio).reshape(heads, -1)[best]
    return w.reshape(w1.shape)
"""
ARC = """
def merge(name, w0, w1, w2):
    if not re.search(PARTS, name):
        return w1
    v1, v2 = {vectors}
    one, two = v1.reshape(-1).double(), v2.reshape(-1).double()
    lengths = float(one.norm()) * float(two.norm())
    cosine = float(torch.dot(one, two)) / lengths if lengths > 0 else 1.0
    if abs(cosine) > 0.9995 or {share} in (0, 1):  # hardly an arc
        return mix(w1, w2, {share})
    angle = math.acos(cosine)
    a, b = math.sin({share} * angle) / math.sin(angle), math.sin((1 - {share}) * angle) / math.sin(angle)
    return {sum}
"""
ELECT = '''
def elect(t1, t2, share):
    """Average what has the elected sign."""
    if share in (0, 1):
        return t1 if share else t2
    mean = torch.lerp(t2, t1, share)
    sign = torch.copysign(torch.ones(1), mean)
    return torch.lerp(sign * torch.maximum(sign * t1, sign * t2), mean, (t1.sign() * t2.sign()).clamp(min=0))

'''
TRIM = '''
def trim(t):
    """Keep the largest entries."""
    dropped = t.numel() - max(1, int({density} * t.numel()))
    return torch.where(t.abs() >= t.abs().reshape(-1).kthvalue(dropped + 1).values, t, 0.0)

'''
DROP = '''
def drop(t, member, name):
    """Drop entries at random and scale the others up."""
    digest = hashlib.sha256(f"{seed} {{member}} {{name}}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
    drawn = torch.cat([torch.rand(part.shape, generator=generator) for part in t.reshape(-1).split(1 << 14)])
    return t * (({density} - drawn).sign().clamp(min=0) / {density}).reshape(t.shape)

'''
FLAT = """
def merge(name, w0, w1, w2):
    if not re.search(PARTS, name) or (torch.equal(w1, w0) and torch.equal(w2, w0)):
        return w1
    return {merge}
"""
