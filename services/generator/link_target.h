#pragma once

#include <string>

#include "absl/strings/string_view.h"

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

// A host as UTS 46 maps names for look-up: lower case, Punycode, no dot at its end. Empty: it is none.
std::string NormalHost(absl::string_view host);

}  // namespace campaign::generator
