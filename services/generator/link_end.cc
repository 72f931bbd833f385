#include "services/generator/link_end.h"

#include <algorithm>

#include "services/generator/tracking.h"

namespace campaign::generator {
namespace {

// Few values hold one of these, so few are looked at any further.
bool MayHoldLink(absl::string_view text) {
  bool www = false;
  for (const char c : text) {
    if (c == '/' || c == ':' || c == '\\' || c == '&') return true;
    www |= (c | 0x20) == 'w';
  }
  return www && FindWebLink(text) != text.npos;
}

bool HasGap(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

void Track(const LinkMark& mark, absl::string_view address, bool html, const MessageLinks& links, size_t start,
           std::string& output) {
  if (mark.tracked && !links.tracking.empty() && !Unsubscribes(address, links.unsubscribing)) {
    AddTracking(links.tracking, html, start, output);
  }
}

LinkOutcome EndAddress(const LinkMark& mark, const std::string& address, bool html, const MessageLinks& links,
                       size_t start, std::string& output) {
  const LinkTarget target = ResolveLink(address);
  if (!links.rules.Allows(target)) return LinkOutcome::kForbidden;
  if (target.kind == LinkTarget::Kind::kWeb) Track(mark, address, html, links, start, output);
  return LinkOutcome::kFine;
}

LinkOutcome EndWords(const LinkMark& mark, const std::string& words, bool html, const MessageLinks& links, size_t start,
                     std::string& output) {
  if (!links.rules.FindForbidden(words).empty()) return LinkOutcome::kForbidden;
  const bool is_link = FindWebLink(words) == 0 && words.find_first_of(" \n\t") == words.npos;
  if (is_link) Track(mark, words, html, links, start, output);
  return LinkOutcome::kFine;
}

}  // namespace

LinkOutcome EndLink(const LinkMark& mark, bool is_known, bool html, const MessageLinks& links, size_t start,
                    std::string& output) {
  const absl::string_view written = absl::string_view(output).substr(start);
  if (is_known && !(mark.mixed && HasGap(written))) {
    // Whether it unsubscribes has been seen when the template was compiled.
    if (mark.tracked && !links.tracking.empty()) AddTracking(links.tracking, html, start, output);
    return LinkOutcome::kFine;
  }
  if (!MayHoldLink(written)) return LinkOutcome::kFine;
  if (mark.open_ended && links.rules.restricts()) return LinkOutcome::kUnclear;
  const std::string text = html ? DecodeEntities(written) : std::string(written);
  return mark.whole ? EndAddress(mark, text, html, links, start, output)
                    : EndWords(mark, text, html, links, start, output);
}

}  // namespace campaign::generator
