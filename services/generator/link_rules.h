#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/generator.pb.h"
#include "services/generator/link_target.h"

namespace campaign::generator {

// The length of what a link in a running text cannot hold or begin with (white space, quotes, brackets) and `text`
// starts with; 0 if it starts with another. `before` is what the link is so far.
size_t LinkBreakLength(absl::string_view text, absl::string_view before);

// Where in a running text the first web link begins; npos: nowhere.
size_t FindWebLink(absl::string_view text);

// `link` without punctuation that ends the sentence around it.
absl::string_view WithoutPunctuation(absl::string_view link);

// Whether the address is one of those that unsubscribe, with or without a query.
bool Unsubscribes(absl::string_view address, const std::vector<std::string>& unsubscribing);

// A campaign's links: where they may lead and what they carry. Immutable, so thread-safe.
class LinkRules {
 public:
  // Anywhere; nothing.
  LinkRules() = default;

  // INVALID_ARGUMENT "config.links.allowed_hosts[0]: ...": no host; a tracking parameter named twice or with a
  // character that a query does not carry as it is.
  static absl::StatusOr<LinkRules> Compile(const v1::LinkPolicy& policy);

  bool restricts() const { return !hosts_.empty() || !parents_.empty(); }
  bool tracks() const { return tracks_; }

  // Whether a link may lead there; what is no web link always may, an unsafe one only where nothing
  // is restricted.
  bool Allows(const LinkTarget& target) const;

  // The first link in a running text that leads where it may not; empty: none.
  std::string FindForbidden(absl::string_view text) const;

 private:
  bool tracks_ = false;
  absl::flat_hash_set<std::string> hosts_;
  // ".example.com" of "*.example.com".
  std::vector<std::string> parents_;
};

}  // namespace campaign::generator
