#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/generator/link_rules.h"
#include "services/generator/template_parser.h"

namespace campaign::generator {

// What a text is, for who looks for links in it.
enum class LinkText {
  // Words with links among them.
  kRunning,
  kHtml,
  // All of it is one address.
  kAddress,
};

// What is known of links when a template is compiled.
struct LinkContext {
  const LinkRules& rules;
  // The campaign's own value of a variable; empty: none.
  absl::FunctionRef<std::string(absl::string_view name)> constant_of;
  // Starts of addresses that unsubscribe: they carry no tracking parameters.
  const std::vector<std::string>& unsubscribing;
  bool tracks = true;
};

// Puts kLinkStart and kLinkEnd around what is a link or may become one, so that only these are looked at when a message
// is written. Links whose host stands in the template or comes from the campaign's own variable are checked here and
// now. A variable in the query of a link is inserted percent-encoded.
// INVALID_ARGUMENT "<field_path>: <link> ...": a link leads where it may not; in HTML a variable in an attribute
// without quotes.
absl::Status MarkLinks(LinkText kind, const LinkContext& context, absl::string_view field_path,
                       std::vector<Token>& tokens);

// The first link in a finished text that leads where it may not; empty: none.
std::string FindForbiddenLink(LinkText kind, const LinkRules& rules, absl::string_view text);

}  // namespace campaign::generator
