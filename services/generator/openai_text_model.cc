#include "services/generator/openai_text_model.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::generator {
namespace {

using nlohmann::json;

// What is said for at most 4096 tokens is far below.
constexpr size_t kMaxResponseBytes = 256 << 10;
constexpr size_t kMaxVersionBytes = 63;
// No tokenizer makes more tokens than there are bytes; endpoints add some that mark where a message begins and ends.
constexpr int64_t kFrameTokens = 64;
constexpr size_t kMaxParagraphs = 8;

std::string Dump(const json& value) {
  return value.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
}

json Schema(const WantedTexts& wanted) {
  json properties = json::object();
  const json text = {{"type", "string"}};
  if (wanted.subject) properties["subject"] = text;
  if (wanted.preheader) properties["preheader"] = text;
  if (wanted.title) properties["title"] = text;
  if (wanted.text) properties["text"] = text;
  if (wanted.paragraphs) properties["paragraphs"] = {{"type", "array"}, {"items", text}};
  json required = json::array();
  for (const auto& property : properties.items()) required.push_back(property.key());
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

ModelFailure Nonsense(std::string text) { return {kModelNonsense, std::move(text)}; }

// The member of an object; null where it is none or has none.
const json& Member(const json& object, const char* name) {
  static const json& none = *new json();
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

// nullopt: not as it was asked for.
absl::optional<std::string> TakeText(const json& value) {
  if (!value.is_string()) return absl::nullopt;
  return std::string(absl::StripAsciiWhitespace(value.get_ref<const std::string&>()));
}

absl::optional<std::string> TakeParagraphs(const json& value) {
  if (!value.is_array() || value.empty() || value.size() > kMaxParagraphs) return absl::nullopt;
  std::vector<std::string> paragraphs;
  for (const json& one : value) {
    absl::optional<std::string> paragraph = TakeText(one);
    // A line break would make two of one.
    if (!paragraph.has_value() || paragraph->empty() || absl::StrContains(*paragraph, '\n')) return absl::nullopt;
    paragraphs.push_back(*std::move(paragraph));
  }
  return absl::StrJoin(paragraphs, "\n\n");
}

// The object that the schema asks for, no more and no less.
absl::optional<ModelFailure> TakeTexts(const std::string& content, const WantedTexts& wanted, ModelTexts& texts) {
  const json object = json::parse(content, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Nonsense("it answered with something else than a JSON object");
  size_t count = 0;
  absl::optional<ModelFailure> failure;
  const auto take = [&](bool is_wanted, const char* name, auto read, std::string& out) {
    if (!is_wanted) return;
    ++count;
    absl::optional<std::string> text = read(Member(object, name));
    if (!text.has_value()) {
      failure = Nonsense(absl::StrCat("its \"", name, "\" is missing or of another kind than was asked for"));
    } else {
      out = *std::move(text);
    }
  };
  take(wanted.subject, "subject", TakeText, texts.subject);
  take(wanted.preheader, "preheader", TakeText, texts.preheader);
  take(wanted.title, "title", TakeText, texts.title);
  take(wanted.text, "text", TakeText, texts.text);
  take(wanted.paragraphs, "paragraphs", TakeParagraphs, texts.text);
  if (!failure.has_value() && object.size() != count) failure = Nonsense("it answered with more than was asked for");
  return failure;
}

// Of the choice that it made.
absl::optional<ModelFailure> TakeChoice(const json& response, const WantedTexts& wanted, ModelTexts& texts) {
  const json& choices = Member(response, "choices");
  if (!choices.is_array() || choices.size() != 1) return Nonsense("the endpoint answered without one choice");
  const json& message = Member(choices[0], "message");
  const json& refusal = Member(message, "refusal");
  const json& reason = Member(choices[0], "finish_reason");
  if (refusal.is_string() && !refusal.get_ref<const std::string&>().empty()) {
    return ModelFailure{kModelRefused, "it refused"};
  }
  if (reason == "content_filter") return ModelFailure{kModelRefused, "its endpoint's filter held the answer back"};
  if (reason == "length") return Nonsense("it did not end within max_output_tokens");
  if (reason != "stop") return Nonsense("it did not end its answer by itself");
  const json& content = Member(message, "content");
  if (!content.is_string()) return Nonsense("it answered without a text");
  return TakeTexts(content.get_ref<const std::string&>(), wanted, texts);
}

ModelFailure FailureOf(const HttpResult& result) {
  const absl::StatusCode code = result.status.code();
  if (code == absl::StatusCode::kDeadlineExceeded) return {kModelDeadline, "it did not answer in time"};
  if (code == absl::StatusCode::kResourceExhausted) return Nonsense("its answer is too large");
  if (!result.status.ok()) return {kModelUnavailable, absl::StrCat("no answer: ", result.status.message())};
  return {kModelUnavailable, absl::StrCat("its endpoint answered with HTTP ", result.response.status)};
}

// Whether the endpoint may have worked for what has failed. 429 and 503 say that it has not, other 4xx that it would
// not have; whoever fails behind a proxy (500, 502, 504) may have.
bool MayBeCharged(const HttpResult& result) {
  if (!result.status.ok()) return result.request_may_have_arrived;
  const int status = result.response.status;
  return (status < 400 || status >= 500) && status != 503;
}

// -1: none that can be.
int64_t TokenCount(const json& usage, const char* name) {
  const json& count = Member(usage, name);
  return count.is_number_unsigned() && count.get<uint64_t>() < (1u << 30) ? count.get<int64_t>() : -1;
}

std::string VersionOf(const json& response, const std::string& fallback) {
  const json& model = Member(response, "model");
  std::string version =
      model.is_string() && !model.get_ref<const std::string&>().empty() ? model.get<std::string>() : fallback;
  version.erase(std::remove_if(version.begin(), version.end(), [](char c) { return !absl::ascii_isgraph(c); }),
                version.end());
  return version.substr(0, kMaxVersionBytes);
}

absl::StatusOr<std::string> ReadKey(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return InvalidField("text_model_key_file", path, "cannot be read");
  const absl::string_view key = absl::StripAsciiWhitespace(content);
  if (key.empty()) return InvalidField("text_model_key_file", path, "is empty");
  if (!std::all_of(key.begin(), key.end(), absl::ascii_isgraph)) {
    return InvalidField("text_model_key_file", path, "does not hold one key");
  }
  return std::string(key);
}

}  // namespace

absl::StatusOr<std::unique_ptr<OpenAiTextModel>> OpenAiTextModel::Create(OpenAiOptions options) {
  const std::string& url = options.base_url;
  const bool http = absl::StartsWith(url, "https://") || absl::StartsWith(url, "http://");
  if (!http || url.find_first_of(" \t\r\n?#") != url.npos) {
    return InvalidField("text_model_url", url, "is no http or https address without a query");
  }
  if (options.model_id.empty()) return InvalidField("text_model_id", "(absent)", "is required with text_model_url");
  ASSIGN_OR_RETURN(std::string key, ReadKey(options.key_file));
  return std::unique_ptr<OpenAiTextModel>(new OpenAiTextModel(std::move(options), std::move(key)));
}

OpenAiTextModel::OpenAiTextModel(OpenAiOptions options, std::string key)
    : options_(std::move(options)),
      url_(absl::StrCat(absl::StripSuffix(options_.base_url, "/"), "/chat/completions")),
      authorization_(key.empty() ? "" : absl::StrCat("Bearer ", key)) {}

std::string OpenAiTextModel::Body(const ModelPrompt& prompt) const {
  return Dump({{"model", options_.model_id},
               {"messages",
                {{{"role", "system"}, {"content", prompt.instructions}}, {{"role", "user"}, {"content", prompt.data}}}},
               {"response_format",
                {{"type", "json_schema"},
                 {"json_schema", {{"name", "message"}, {"strict", true}, {"schema", Schema(prompt.wanted)}}}}},
               {"max_tokens", prompt.max_output_tokens}});
}

int64_t OpenAiTextModel::Price(int64_t input_tokens, int64_t output_tokens) const {
  return (input_tokens * options_.input_price_micros + output_tokens * options_.output_price_micros + 999) / 1000;
}

int64_t OpenAiTextModel::BoundOf(size_t body_bytes, const ModelPrompt& prompt) const {
  return Price(static_cast<int64_t>(body_bytes) + kFrameTokens, prompt.max_output_tokens);
}

int64_t OpenAiTextModel::CostBound(const ModelPrompt& prompt) const { return BoundOf(Body(prompt).size(), prompt); }

ModelAnswer OpenAiTextModel::Ask(const ModelPrompt& prompt, absl::Duration timeout) {
  HttpRequest request{.url = url_,
                      .headers = {{"Content-Type", "application/json"}},
                      .body = Body(prompt),
                      .timeout = timeout,
                      .max_response_bytes = kMaxResponseBytes};
  if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
  return Read(prompt, client_.Call(request), BoundOf(request.body.size(), prompt));
}

ModelAnswer OpenAiTextModel::Read(const ModelPrompt& prompt, const HttpResult& result, int64_t bound) const {
  ModelAnswer answer;
  if (!result.status.ok() || result.response.status != 200) {
    answer.failure = FailureOf(result);
    answer.cost_micros = MayBeCharged(result) ? bound : 0;
    return answer;
  }
  const json response = json::parse(result.response.body, nullptr, /*allow_exceptions=*/false);
  const json& usage = Member(response, "usage");
  const int64_t input = TokenCount(usage, "prompt_tokens"), output = TokenCount(usage, "completion_tokens");
  // An endpoint that does not say, or says what cannot be, has cost the most that it can.
  answer.cost_micros = input < 0 || output < 0 ? bound : std::min(bound, Price(input, output));
  answer.input_tokens = std::max<int64_t>(input, 0);
  answer.output_tokens = std::max<int64_t>(output, 0);
  answer.version = VersionOf(response, options_.model_id);
  answer.failure = response.is_object() ? TakeChoice(response, prompt.wanted, answer.texts)
                                        : Nonsense("its endpoint did not answer with a JSON object");
  if (answer.failure.has_value()) answer.texts = {};
  return answer;
}

}  // namespace campaign::generator
