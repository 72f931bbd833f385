#include "tools/campaignctl/format.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/clock.h"
#include "google/protobuf/util/json_util.h"
#include "tools/campaignctl/words.h"

namespace campaign::ctl {
namespace {

// Of a cell on screen: its code points.
size_t WidthOf(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; });
}

std::string Pad(const std::string& cell, size_t width, Table::Align align) {
  const std::string space(width - WidthOf(cell), ' ');
  return align == Table::kLeft ? cell + space : space + cell;
}

// Decimals of a currency (ISO 4217).
int DecimalsOf(absl::string_view currency_code) {
  for (const char* code : {"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"}) {
    if (currency_code == code) return 0;
  }
  for (const char* code : {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}) {
    if (currency_code == code) return 3;
  }
  return 2;
}

std::string GroupDigits(std::string digits) {
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, 1, ',');
  return digits;
}

// "-1,234" of a negative number too, the least one included.
std::string GroupSigned(int64_t number) {
  const std::string text = absl::StrCat(number);
  return number < 0 ? absl::StrCat("-", GroupDigits(text.substr(1))) : GroupDigits(text);
}

// "12.5" for 12.50, "25" for 25.00.
std::string ShortDecimal(double number) {
  const double rounded = std::round(number * 10) / 10;
  return rounded == std::floor(rounded) ? absl::StrCat(static_cast<int64_t>(rounded))
                                        : absl::StrFormat("%.1f", rounded);
}

}  // namespace

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) {
    // A cell is one line.
    std::replace(cell.begin(), cell.end(), '\n', ' ');
    std::replace(cell.begin(), cell.end(), '\t', ' ');
    cell = Printable(cell);
  }
  rows_.push_back(std::move(cells));
}

std::string Table::ToString() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    widths.push_back(WidthOf(columns_[c].title));
    for (const auto& row : rows_) widths[c] = std::max(widths[c], WidthOf(row[c]));
  }
  std::string result;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (size_t c = 0; c < columns_.size(); ++c) {
      absl::StrAppend(&line, c == 0 ? "" : "  ", Pad(cell_at(c), widths[c], columns_[c].align));
    }
    absl::StrAppend(&result, absl::StripTrailingAsciiWhitespace(line), "\n");
  };
  add_line([&](size_t c) { return columns_[c].title; });
  for (const auto& row : rows_) add_line([&](size_t c) { return row[c]; });
  return result;
}

std::string FormatCount(int64_t count) { return GroupSigned(count); }

std::string FormatMoney(int64_t minor_units, absl::string_view currency_code) {
  const int decimals = DecimalsOf(currency_code);
  int64_t unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  const int64_t major = minor_units / unit;
  std::string text = absl::StrCat(minor_units < 0 && major == 0 ? "-" : "", GroupSigned(major));
  if (decimals > 0) absl::StrAppendFormat(&text, ".%0*d", decimals, std::abs(minor_units % unit));
  if (!currency_code.empty()) absl::StrAppend(&text, " ", currency_code);
  return text;
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", FromTimestamp(time), absl::UTCTimeZone());
}

std::string FormatMilliseconds(absl::Duration duration) {
  return absl::StrFormat("%.1f ms", absl::ToDoubleMilliseconds(duration));
}

std::string FormatBasisPoints(int64_t basis_points) {
  return absl::StrFormat("%g %%", static_cast<double>(basis_points) / 100);
}

std::string FormatShare(int64_t part, int64_t whole) {
  if (whole == 0) return "-";
  return absl::StrCat(ShortDecimal(100.0 * static_cast<double>(part) / static_cast<double>(whole)), " %");
}

std::string FormatDuration(const google::protobuf::Duration& duration) {
  struct Unit {
    const char* name;
    int64_t seconds;
  };
  std::string text;
  int64_t rest = duration.seconds();
  for (const Unit& unit : {Unit{"d", 86400}, Unit{"h", 3600}, Unit{"m", 60}, Unit{"s", 1}}) {
    if (rest >= unit.seconds) absl::StrAppend(&text, rest / unit.seconds, unit.name);
    rest %= unit.seconds;
  }
  if (duration.nanos() > 0) absl::StrAppend(&text, duration.nanos() / 1'000'000, "ms");
  return text.empty() ? "0s" : text;
}

std::string FormatReason(const v1::Reason& reason, bool with_facts) {
  std::string text = reason.code();
  if (!reason.text().empty()) absl::StrAppend(&text, text.empty() ? "" : ": ", reason.text());
  if (!with_facts || reason.facts().empty()) return text;
  std::vector<std::string> facts;
  for (const v1::Fact& fact : reason.facts()) facts.push_back(absl::StrCat(fact.name(), " ", fact.value()));
  return absl::StrCat(text, " (", absl::StrJoin(facts, ", "), ")");
}

std::string FormatReasons(const google::protobuf::RepeatedPtrField<v1::Reason>& reasons) {
  return absl::StrJoin(reasons, "; ",
                       [](std::string* out, const v1::Reason& reason) { absl::StrAppend(out, FormatReason(reason)); });
}

std::string Indent(absl::string_view text, absl::string_view prefix) {
  std::string result;
  for (absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    line = absl::StripSuffix(line, "\r");
    absl::StrAppend(&result, line.empty() ? absl::StripTrailingAsciiWhitespace(prefix) : prefix, Printable(line), "\n");
  }
  return result;
}

std::string ToJson(const google::protobuf::Message& message, bool indented) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = indented;
  options.always_print_primitive_fields = true;
  std::string text;
  // Fails only for times outside of what JSON can say.
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok()) return absl::StrCat("{\"error\": \"", absl::CEscape(status.ToString()), "\"}\n");
  if (text.empty() || text.back() != '\n') text += '\n';
  return text;
}

}  // namespace campaign::ctl
