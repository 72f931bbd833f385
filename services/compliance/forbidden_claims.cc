#include "services/compliance/forbidden_claims.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status.h"
#include "services/compliance/red_flags.h"

namespace campaign::compliance {
namespace {

bool IsCountry(absl::string_view name) {
  return name.size() == 2 && absl::c_all_of(name, [](unsigned char c) { return absl::ascii_isalpha(c); });
}

}  // namespace

absl::StatusOr<CompiledForbiddenClaims::Claim> CompiledForbiddenClaims::CompileClaim(
    const v1::ForbiddenClaim& config, const std::string& path, const Jurisdictions& jurisdictions) {
  if (!IsUpperSnake(config.code())) {
    return InvalidField(path + ".code", absl::StrCat("\"", config.code(), "\""), "is not UPPER_SNAKE");
  }
  Claim claim{.code = config.code(), .text = config.text(), .places = absl::StrJoin(config.jurisdictions(), ", ")};
  for (int j = 0; j < config.jurisdictions_size(); ++j) {
    const std::string& name = config.jurisdictions(j);
    const bool known = jurisdictions.IsName(name);
    if (!known && !IsCountry(name)) {
      return InvalidField(absl::StrCat(path, ".jurisdictions[", j, "]"), absl::StrCat("\"", name, "\""),
                          "is neither a jurisdiction nor a country's two letters");
    }
    // "CA" is both: the jurisdiction has the country in it.
    if (IsCountry(name)) claim.countries.push_back(absl::AsciiStrToUpper(name));
    for (const Jurisdiction& jurisdiction : jurisdictions.list()) {
      if (!known || jurisdiction.name != name) continue;
      claim.countries.insert(claim.countries.end(), jurisdiction.countries.begin(), jurisdiction.countries.end());
    }
  }
  return claim;
}

absl::StatusOr<CompiledForbiddenClaims> CompiledForbiddenClaims::Compile(
    const google::protobuf::RepeatedPtrField<v1::ForbiddenClaim>& config, absl::string_view field_path,
    const Jurisdictions& jurisdictions, int first_rule, PhraseFinder& phrases) {
  CompiledForbiddenClaims compiled;
  compiled.first_rule_ = first_rule;
  for (int i = 0; i < config.size(); ++i) {
    const std::string path = absl::StrCat(field_path, "[", i, "]");
    ASSIGN_OR_RETURN(Claim claim, CompileClaim(config[i], path, jurisdictions));
    for (int w = 0; w < config[i].words_size(); ++w) {
      if (!phrases.Add(config[i].words(w), first_rule + i, PhraseFinder::Texts::kMessage)) {
        return InvalidField(absl::StrCat(path, ".words[", w, "]"), absl::StrCat("\"", config[i].words(w), "\""),
                            "is blank");
      }
    }
    compiled.claims_.push_back(std::move(claim));
  }
  return compiled;
}

void CompiledForbiddenClaims::Check(absl::string_view country, absl::Span<const Quote> quotes,
                                    Findings& findings) const {
  for (size_t i = 0; i < claims_.size() && first_rule_ + i < quotes.size(); ++i) {
    const Claim& claim = claims_[i];
    const Quote& quote = quotes[first_rule_ + i];
    if (!quote.found()) continue;
    const bool forbidden_here =
        country.empty() || claim.countries.empty() ||
        absl::c_any_of(claim.countries, [&](const std::string& c) { return absl::EqualsIgnoreCase(c, country); });
    if (!forbidden_here) continue;
    v1::Reason& reason = findings.Add(
        v1::VERDICT_BLOCK, claim.code,
        absl::StrCat(claim.text.empty() ? "A claim that is forbidden" : claim.text,
                     claim.places.empty() ? "" : absl::StrCat(" (", claim.places, ")"), ": ", quote.Text()));
    quote.AddFacts(reason);
  }
}

}  // namespace campaign::compliance
