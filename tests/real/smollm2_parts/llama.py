"""llama.cpp through llama-cpp-python, on the same file."""
import gguf
import numpy as np
from llama_cpp import GGML_TYPE_F32, Llama


class Model:
    def __init__(self, path, adapter=None, context=2048):
        """Keys and values are kept in fp32 (llama.cpp's default is fp16), attention is the plain one."""
        self.llama = Llama(path, n_ctx=context, logits_all=True, n_threads=2, n_threads_batch=2, verbose=False,
                           type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32, flash_attn=False, lora_path=adapter)

    def tokenize(self, text):
        return self.llama.tokenize(text.encode(), add_bos=False, special=True)

    def logits(self, ids):
        """Logits of every position of a sequence."""
        self.llama.reset()
        self.llama.eval(ids)
        return np.array(self.llama.scores[: len(ids)], dtype=np.float64)

    def logprobs(self, ids, given):
        """Log-probability of each token after the given ones."""
        x = self.logits(ids)[given - 1 : -1]
        top = x.max(-1, keepdims=True)
        x = x - top - np.log(np.exp(x - top).sum(-1, keepdims=True))
        return x[np.arange(len(x)), ids[given:]]

    def greedy(self, ids, most):
        """Greedy ids up to the end of the turn, and at each one the lead of the likeliest over the second."""
        self.llama.reset()
        self.llama.eval(ids)
        out, leads, end = [], [], self.llama.token_eos()
        while len(out) < most:
            scores = self.llama.scores[self.llama.n_tokens - 1]
            best = int(scores.argmax())
            leads.append(float(scores[best] - np.partition(scores, -2)[-2]))
            if best == end:
                break
            out.append(best)
            self.llama.eval([best])
        return out, leads

    def text(self, ids):
        return self.llama.detokenize(ids, special=True).decode("utf-8", "replace")


def to_f32(source, target):
    """Writes a GGUF file with the same weights, dequantised."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        writer.add_key_value(name, field.contents(), kind, field.types[-1] if len(field.types) > 1 else None)
    for t in reader.tensors:
        writer.add_tensor(t.name, np.array(gguf.quants.dequantize(t.data, t.tensor_type), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
