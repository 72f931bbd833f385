#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/generator.pb.h"

namespace campaign::generator {

// Where an address leads, read as a browser reads it (WHATWG URL standard, "basic URL parser"): tabs and line breaks
// within count for nothing, a backslash is a slash, "https:evil.example" needs none, what stands before an @ is no
// host.
struct LinkTarget {
  enum class Kind {
    kElsewhere,  // Into the page, a mail program, an app: no web link.
    kWeb,        // http, https, ftp, "//host", "www.host".
    kUnsafe,     // Runs or holds something itself: javascript, data, vbscript, file.
  };
  Kind kind = Kind::kElsewhere;
  // Of kWeb: lower case, in Punycode, without a dot at its end. Empty: none that is valid.
  std::string host;
  bool https = false;
  // "user@": nothing that a message needs, and how a host is disguised.
  bool has_user = false;
};

LinkTarget ResolveLink(absl::string_view address);

// In HTML "&sol;" and "&#47;" are slashes; what links are made of is put in, other entities stay.
std::string DecodeEntities(absl::string_view html);

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

// Puts `parameters` ("a=1&b=2", percent-encoded) into the query of the address that starts at `start` in `output` and
// ends there, before a fragment. Those whose name the query has already are left out.
void AddTracking(absl::string_view parameters, bool html, size_t start, std::string& output);

}  // namespace campaign::generator
