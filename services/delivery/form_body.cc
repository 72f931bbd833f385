#include "services/delivery/form_body.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace campaign::delivery {
namespace {

constexpr size_t kMaxFields = 512;

int HexDigit(char c) {
  if (absl::ascii_isdigit(c)) return c - '0';
  return absl::ascii_isxdigit(c) ? absl::ascii_tolower(c) - 'a' + 10 : -1;
}

std::string Decode(absl::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) && absl::ascii_isxdigit(text[i + 2]);
    if (escaped) {
      decoded.push_back(static_cast<char>(HexDigit(text[i + 1]) << 4 | HexDigit(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

}  // namespace

absl::optional<FormFields> ReadForm(absl::string_view body) {
  FormFields fields;
  for (const absl::string_view field : absl::StrSplit(body, '&', absl::SkipEmpty())) {
    if (fields.size() == kMaxFields) return absl::nullopt;
    const size_t equals = field.find('=');
    const absl::string_view value = equals == absl::string_view::npos ? "" : field.substr(equals + 1);
    fields.emplace_back(Decode(field.substr(0, equals)), Decode(value));
  }
  return fields;
}

absl::string_view FindField(const FormFields& fields, absl::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace campaign::delivery
