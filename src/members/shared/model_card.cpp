#include "members/shared/model_card.h"

#include <fmt/format.h>

#include <string_view>

#include "quire/base/version.h"

namespace quire {
namespace {

constexpr const char* kPortable =
    R"(It is a directory in Hugging Face's layout, with the model family's own head:

```python
from transformers import AutoModelForSequenceClassification, AutoTokenizer

model = AutoModelForSequenceClassification.from_pretrained(".")
tokenizer = AutoTokenizer.from_pretrained(".")
inputs = tokenizer("a text", truncation=True, max_length={max_length}, return_tensors="pt")
print(model.config.id2label[int(model(**inputs).logits.argmax())])
```
)";

constexpr const char* kMean =
    R"(The encoder loads in transformers as a plain model; its head, mean pooling and a linear layer, lies beside it:

```python
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

encoder, head = AutoModel.from_pretrained("."), load_file("quire_head.safetensors")
tokenizer = AutoTokenizer.from_pretrained(".")
inputs = tokenizer(["a text", "another one"], truncation=True, max_length={max_length}, padding=True, return_tensors="pt")
mask = inputs["attention_mask"].unsqueeze(2)
mean = (encoder(**inputs).last_hidden_state * mask).sum(1) / mask.sum(1)
logits = mean @ head["quire_head.weight"].T + head["quire_head.bias"]
print([encoder.config.id2label[int(i)] for i in logits.argmax(1)])
```
)";

constexpr const char* kOther =
    "The encoder loads in transformers as a plain model, **without** its head: that lies in "
    "`quire_head.safetensors` and needs Quire (`quire predict`). `config.json` describes it under "
    "`quire`, `head`.\n";

// The snippets hold braces of their own, so they are no format strings.
std::string with_length(std::string snippet, std::int64_t max_length) {
  constexpr std::string_view kPlace = "{max_length}";
  if (const std::size_t at = snippet.find(kPlace); at != std::string::npos)
    snippet.replace(at, kPlace.size(), std::to_string(max_length));
  return snippet;
}

}  // namespace

std::string write_model_card(const ModelCard& card) {
  const bool mean = card.head == "mean" && card.features == "last" && !card.windows;
  std::string text = fmt::format(
      "---\nlibrary_name: transformers\npipeline_tag: text-classification\n---\n\n# A text classifier with "
      "{} "
      "classes\n\n{} fine-tuned by Quire {} on {} documents; head: {}, features: {}, texts cut at {} tokens "
      "(long texts: {}).\n\n",
      card.labels.size(), card.base, version(), card.train_rows, card.head, card.features, card.max_length,
      card.long_text);
  return text + with_length(card.portable ? kPortable : mean ? kMean : kOther, card.max_length);
}

}  // namespace quire
