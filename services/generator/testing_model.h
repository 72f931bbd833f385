#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/generator/text_model.h"

namespace campaign::generator::testing {

// A model that answers as it is told, and remembers what it was asked. Thread-safe.
class ScriptedModel final : public TextModel {
 public:
  using Script = std::function<ModelAnswer(const ModelPrompt& prompt, absl::Duration timeout)>;

  explicit ScriptedModel(Script script, int64_t bound = 10) : script_(std::move(script)), bound_(bound) {}

  int64_t CostBound(const ModelPrompt&) const override { return bound_; }
  ModelAnswer Ask(const ModelPrompt& prompt, absl::Duration timeout) override {
    {
      absl::MutexLock lock(&mutex_);
      prompts_.push_back(prompt);
    }
    return script_(prompt, timeout);
  }

  std::vector<ModelPrompt> prompts() {
    absl::MutexLock lock(&mutex_);
    return prompts_;
  }

 private:
  const Script script_;
  const int64_t bound_;
  absl::Mutex mutex_;
  std::vector<ModelPrompt> prompts_ ABSL_GUARDED_BY(mutex_);
};

// An answer with these texts.
inline ModelAnswer Texts(ModelTexts texts, int64_t cost = 1) {
  ModelAnswer answer;
  answer.texts = std::move(texts);
  answer.version = "v7";
  answer.cost_micros = cost;
  return answer;
}

inline ModelAnswer Failure(const char* code, int64_t cost = 0) {
  ModelAnswer answer;
  answer.failure = ModelFailure{code, "as the test says"};
  answer.cost_micros = cost;
  return answer;
}

}  // namespace campaign::generator::testing
