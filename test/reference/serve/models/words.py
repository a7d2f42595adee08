"""Plain Python over texts, with answers that are JSON objects; it cannot stand the word "boom"."""


class Model:
    input_type = "strings"

    def predict(self, batch):
        if "boom" in batch:
            raise ValueError("boom")
        return [{"words": len(text.split()), "text": text} for text in batch]
