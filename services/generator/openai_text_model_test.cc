#include "services/generator/openai_text_model.h"

#include <fstream>
#include <utility>

#include "common/testing/testing.h"

namespace campaign::generator {
namespace {

using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;

// What it says to the endpoint and makes of answers is in tests/contract/text_model_contract_test.cc.

absl::Status Refusal(OpenAiOptions options) { return OpenAiTextModel::Create(std::move(options)).status(); }

TEST(OpenAiTextModel, RefusesSettingsThatItCannotUse) {
  const auto code = absl::StatusCode::kInvalidArgument;
  for (const char* url :
       {"", "api.openai.com/v1", "ftp://a.b", "https://a.b/v1?x=1", "https://a.b/v1#x", "https://a b"}) {
    EXPECT_THAT(Refusal({.base_url = url, .model_id = "m"}), StatusIs(code, "text_model_url: ")) << url;
  }
  EXPECT_THAT(Refusal({.base_url = "https://a.b"}), StatusIs(code, "text_model_id: "));
  const TempDir folder;
  const auto with_key = [&](const std::string& content) {
    std::ofstream(folder.File("key")) << content;
    return Refusal({.base_url = "https://a.b/v1", .model_id = "m", .key_file = folder.File("key")});
  };
  EXPECT_OK(with_key("sk-1\n"));
  EXPECT_THAT(with_key(" \n"), StatusIs(code, "is empty"));
  EXPECT_THAT(with_key("sk-1\r\nX-Evil: 1\n"), StatusIs(code, "does not hold one key"));
  EXPECT_THAT(Refusal({.base_url = "https://a.b", .model_id = "m", .key_file = folder.File("none")}),
              StatusIs(code, "text_model_key_file: "));
}

TEST(OpenAiTextModel, BoundsTheCostByTheBytesOfTheQuestionAndTheTokensOfTheAnswer) {
  ASSERT_OK_AND_ASSIGN(
      const auto reads,
      OpenAiTextModel::Create({.base_url = "http://127.0.0.1:1", .model_id = "m", .input_price_micros = 1000}));
  ASSERT_OK_AND_ASSIGN(
      const auto writes,
      OpenAiTextModel::Create({.base_url = "http://127.0.0.1:1", .model_id = "m", .output_price_micros = 1500}));
  ModelPrompt prompt{.data = "{}", .max_output_tokens = 11};
  const int64_t empty = reads->CostBound(prompt);
  prompt.data += std::string(1000, 'x');
  EXPECT_EQ(reads->CostBound(prompt), empty + 1000);
  prompt.instructions = "abc";
  EXPECT_EQ(reads->CostBound(prompt), empty + 1003);
  // Rounded up.
  EXPECT_EQ(writes->CostBound(prompt), 17);
}

}  // namespace
}  // namespace campaign::generator
