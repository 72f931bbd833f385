#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/jurisdictions.h"
#include "services/compliance/phrase_finder.h"
#include "services/compliance/verdict.h"

namespace campaign::compliance {

// What must not be said to customers of some places, compiled. Immutable, so thread-safe.
class CompiledForbiddenClaims {
 public:
  // Adds the claims' words to `phrases`, each claim's under its number, from `first_rule` on.
  // INVALID_ARGUMENT under `field_path` ("config.content.forbidden_claims"): a code that is not UPPER_SNAKE, a word
  // without a letter, a place that is neither a jurisdiction of the table nor two letters.
  static absl::StatusOr<CompiledForbiddenClaims> Compile(
      const google::protobuf::RepeatedPtrField<v1::ForbiddenClaim>& config, absl::string_view field_path,
      const Jurisdictions& jurisdictions, int first_rule, PhraseFinder& phrases);

  // Adds a BLOCK with the claim's code for each claim that is in the message and forbidden where the customer lives.
  // Where that is not known, each is. `quotes` is what PhraseFinder found.
  void Check(absl::string_view country, absl::Span<const Quote> quotes, Findings& findings) const;

 private:
  struct Claim {
    std::string code;
    std::string text;
    std::vector<std::string> countries;  // Upper case. Empty: everywhere.
    std::string places;                  // For people: "EU, CA".
  };

  static absl::StatusOr<Claim> CompileClaim(const v1::ForbiddenClaim& config, const std::string& path,
                                            const Jurisdictions& jurisdictions);

  std::vector<Claim> claims_;
  int first_rule_ = 0;
};

}  // namespace campaign::compliance
