#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"

namespace campaign {

// Where `url` leads, read as browsers do (WHATWG, "URL Standard"): without user, port and trailing dot, decoded, in
// lower case, international names in their ASCII form (Unicode Technical Standard 46). The result stands in `url` or
// `buffer`. nullopt: to no host: a mail address, a phone number, an app's own scheme, a place on the page. Empty: to
// where no list of hosts can allow it: a script, a file, a host that is none.
absl::optional<absl::string_view> HostOfUrl(absl::string_view url, std::string& buffer);

// Whether `host` is one of `allowed`: "shop.example.com" is that host alone, "*.example.com" every host below it. Upper
// and lower case are alike. Where `allowed` is empty any host is, but for the empty one, which never is.
bool HostAllowed(absl::string_view host, absl::Span<const std::string> allowed);

// Hands out the links of a text, and the host of each (HostOfUrl; may be empty). In plain text these are URLs, and what
// phones and mail programs turn into links by themselves: "www.example.com", "exm.pl/abc". In HTML what attributes
// refer to as well, styles, and comments that Outlook reads. Links without a host are left out. Both live as long as
// the call.
void ForEachLink(absl::string_view text, bool html,
                 absl::FunctionRef<void(absl::string_view url, absl::string_view host)> visit);

}  // namespace campaign
