#include "services/generator/tracking.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/generator/insertion.h"

namespace campaign::generator {
namespace {

// In HTML "&#39;" is no fragment.
size_t FindFragment(absl::string_view address, bool html) {
  size_t hash = address.find('#');
  while (html && hash != address.npos && hash > 0 && address[hash - 1] == '&') hash = address.find('#', hash + 1);
  return std::min(hash, address.size());
}

bool HasParameter(absl::string_view query, absl::string_view name) {
  for (size_t at = query.find(name); at != query.npos; at = query.find(name, at + 1)) {
    const absl::string_view after = query.substr(at + name.size());
    // "&amp;" ends with a semicolon.
    const bool starts = at == 0 || query[at - 1] == '&' || query[at - 1] == ';';
    if (starts && (after.empty() || after[0] == '=' || after[0] == '&')) return true;
  }
  return false;
}

std::string NewParameters(absl::string_view parameters, absl::string_view query) {
  std::string rest;
  for (const absl::string_view parameter : absl::StrSplit(parameters, '&', absl::SkipEmpty())) {
    if (HasParameter(query, parameter.substr(0, parameter.find('=')))) continue;
    absl::StrAppend(&rest, rest.empty() ? "" : "&", parameter);
  }
  return rest;
}

}  // namespace

void AddTracking(absl::string_view parameters, bool html, size_t start, std::string& output) {
  const absl::string_view address = absl::string_view(output).substr(start);
  const size_t end = FindFragment(address, html);
  const size_t question = address.substr(0, end).find('?');
  const bool has_query = question != address.npos;
  std::string addition =
      has_query ? NewParameters(parameters, address.substr(question + 1, end - question - 1)) : std::string(parameters);
  if (addition.empty()) return;
  addition.insert(0, !has_query ? "?" : question + 1 == end ? "" : "&");
  if (end < address.size()) {
    std::string escaped;
    if (html) AppendHtml(addition, escaped);
    output.insert(start + end, html ? escaped : addition);
  } else if (html) {
    AppendHtml(addition, output);
  } else {
    output.append(addition);
  }
}

}  // namespace campaign::generator
