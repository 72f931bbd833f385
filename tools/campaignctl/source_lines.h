#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace campaign::ctl {

// Where in a file each field stands, by its path as the server names it: "campaign.offers.actions[2].discount_bps".
class SourceLines {
 public:
  // `line` counts from 1. The first line recorded for a path stays.
  void Record(absl::string_view path, int line) { lines_.try_emplace(path, line); }

  // The line of the longest prefix of `path` that is known, ending before a '.' or '['; 1 where none is.
  int Find(absl::string_view path) const;

 private:
  absl::flat_hash_map<std::string, int> lines_;
};

}  // namespace campaign::ctl
