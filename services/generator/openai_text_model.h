#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/http_client.h"
#include "services/generator/text_model.h"

namespace campaign::generator {

struct OpenAiOptions {
  // Up to before "/chat/completions": "https://api.openai.com/v1".
  std::string base_url;
  // The endpoint's name of the model.
  std::string model_id;
  // File with the key that goes into Authorization; empty: none is asked for.
  std::string key_file;
  // Millionths for a thousand tokens.
  int64_t input_price_micros = 0;
  int64_t output_price_micros = 0;
};

// A model behind any HTTP endpoint with OpenAI's form of chat completions and of structured outputs
// (https://platform.openai.com/docs/api-reference/chat). Asks once, never again: a failed question may have been
// charged. Thread-safe.
class OpenAiTextModel final : public TextModel {
 public:
  // INVALID_ARGUMENT "text_model_url: ...": a setting cannot be used. Calls nobody.
  static absl::StatusOr<std::unique_ptr<OpenAiTextModel>> Create(OpenAiOptions options);

  int64_t CostBound(const ModelPrompt& prompt) const override;
  ModelAnswer Ask(const ModelPrompt& prompt, absl::Duration timeout) override;

 private:
  OpenAiTextModel(OpenAiOptions options, std::string key);
  std::string Body(const ModelPrompt& prompt) const;
  int64_t BoundOf(size_t body_bytes, const ModelPrompt& prompt) const;
  // Millionths, rounded up.
  int64_t Price(int64_t input_tokens, int64_t output_tokens) const;
  ModelAnswer Read(const ModelPrompt& prompt, const HttpResult& result, int64_t bound) const;

  const OpenAiOptions options_;
  const std::string url_;
  // "Bearer ..."; empty: none.
  const std::string authorization_;
  HttpClient client_;
};

}  // namespace campaign::generator
