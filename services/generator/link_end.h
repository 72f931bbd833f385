#pragma once

#include <cstddef>
#include <string>

#include "services/generator/template_program.h"

namespace campaign::generator {

// What the end of a link came to.
enum class LinkOutcome {
  kFine,
  // Leads where it may not.
  kForbidden,
  // May go on behind a section's tag: the finished text has to be looked through.
  kUnclear,
};

// Ends what began at `start` in `output`: checks it, where `is_known` does not say that this is done, and adds tracking
// parameters.
LinkOutcome EndLink(const LinkMark& mark, bool is_known, bool html, const MessageLinks& links, size_t start,
                    std::string& output);

}  // namespace campaign::generator
