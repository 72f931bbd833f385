// The generator service: writes messages from templates, and where a campaign asks for it with a language model.

#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "common/clock.h"
#include "common/process.h"
#include "common/status.h"
#include "services/generator/generator_service.h"
#include "services/generator/model_writing.h"
#include "services/generator/openai_text_model.h"

using Parallel = campaign::Whole<1, 256>;

ABSL_FLAG(std::string, text_model_url, "",
          "where a language model answers in OpenAI's form, up to before /chat/completions; empty: there is none");
ABSL_FLAG(std::string, text_model_name, "", "what campaigns call the language model; required with text_model_url");
ABSL_FLAG(std::string, text_model_id, "", "what its endpoint calls the model; required with text_model_url");
ABSL_FLAG(std::string, text_model_key_file, "", "file with the endpoint's key; empty: it asks for none");
ABSL_FLAG(std::string, text_model_input_price_micros, "",
          "millionths for a thousand tokens that the model reads; required with text_model_url");
ABSL_FLAG(std::string, text_model_output_price_micros, "",
          "millionths for a thousand tokens that the model writes; required with text_model_url");
ABSL_FLAG(Parallel, text_model_max_parallel, Parallel{16}, "questions to the language model at once, 1 to 256");

namespace {

using namespace campaign::generator;

// Above it no price is meant; the cost of a message stays countable.
constexpr int64_t kMaxPrice = 1'000'000'000;

absl::Status ReadPrice(absl::string_view setting, const std::string& text, int64_t& price) {
  if (absl::SimpleAtoi(text, &price) && price >= 0 && price <= kMaxPrice) return absl::OkStatus();
  return campaign::InvalidField(setting, text.empty() ? "(absent)" : text, "is no whole number from 0 to 1000000000");
}

// Null: there is none.
absl::StatusOr<std::unique_ptr<TextModel>> MakeModel() {
  OpenAiOptions options{.base_url = absl::GetFlag(FLAGS_text_model_url),
                        .model_id = absl::GetFlag(FLAGS_text_model_id),
                        .key_file = absl::GetFlag(FLAGS_text_model_key_file)};
  if (options.base_url.empty()) return nullptr;
  const std::string name = absl::GetFlag(FLAGS_text_model_name);
  if (name.empty() || name.size() > 64) {
    return campaign::InvalidField("text_model_name", name.empty() ? "(absent)" : name, "is no name of 1 to 64 bytes");
  }
  RETURN_IF_ERROR(ReadPrice("text_model_input_price_micros", absl::GetFlag(FLAGS_text_model_input_price_micros),
                            options.input_price_micros));
  RETURN_IF_ERROR(ReadPrice("text_model_output_price_micros", absl::GetFlag(FLAGS_text_model_output_price_micros),
                            options.output_price_micros));
  return OpenAiTextModel::Create(std::move(options));
}

absl::Status Check() { return MakeModel().status(); }

absl::Status Run() {
  const campaign::SystemClock clock;
  ASSIGN_OR_RETURN(std::unique_ptr<TextModel> model, MakeModel());
  if (model == nullptr) {
    GeneratorService service;
    return campaign::Serve("generator", {&service});
  }
  ModelWriting writing(std::move(model), absl::GetFlag(FLAGS_text_model_name),
                       absl::GetFlag(FLAGS_text_model_max_parallel).value, clock);
  GeneratorService service(&writing);
  return campaign::Serve("generator", {&service}, [&] { writing.Stop(); });
}

}  // namespace

int main(int argc, char** argv) {
  return campaign::RunProcess(argc, argv,
                              {.name = "generator",
                               .purpose = "writes messages from templates, and with a language model",
                               .check = Check,
                               .run = Run});
}
