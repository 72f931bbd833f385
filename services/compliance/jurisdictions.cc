#include "services/compliance/jurisdictions.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/nearest_name.h"
#include "common/status.h"
#include "common/yaml_node.h"

namespace campaign::compliance {
namespace {

constexpr char kStrictest[] = "strictest";
constexpr size_t kMaxNameBytes = 16;
constexpr int kMaxImpliedDays = 3660;

using Names = std::vector<std::pair<std::string, int>>;

const Names& ChannelNames() {
  static const auto& names = *new Names{
      {"email", v1::CHANNEL_EMAIL}, {"sms", v1::CHANNEL_SMS}, {"push", v1::CHANNEL_PUSH}, {"chat", v1::CHANNEL_CHAT}};
  return names;
}

const Names& ClassNames() {
  static const auto& names =
      *new Names{{"marketing", v1::MESSAGE_CLASS_MARKETING}, {"transactional", v1::MESSAGE_CLASS_TRANSACTIONAL}};
  return names;
}

const Names& BasisNames() {
  static const auto& names = *new Names{{"express", v1::LEGAL_BASIS_EXPRESS_CONSENT},
                                        {"implied", v1::LEGAL_BASIS_IMPLIED_CONSENT},
                                        {"legitimate_interest", v1::LEGAL_BASIS_LEGITIMATE_INTEREST}};
  return names;
}

bool IsCountry(const std::string& text) {
  return text.size() == 2 && absl::ascii_isupper(text[0]) && absl::ascii_isupper(text[1]);
}

// Whether what satisfies `strict` satisfies `other` as well.
bool IsAtLeastAsStrict(const ConsentRule& strict, const ConsentRule& other) {
  if (strict.needs != other.needs) return strict.needs > other.needs;
  if (strict.needs != ConsentRule::Needs::kConsent) return true;
  for (size_t basis = 0; basis < strict.accepts.size(); ++basis) {
    if (strict.accepts[basis] && !other.accepts[basis]) return false;
  }
  return !strict.accepts[v1::LEGAL_BASIS_IMPLIED_CONSENT] || strict.implied_lasts <= other.implied_lasts;
}

// Reads one file. Every function fails with the place of what is wrong.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  absl::StatusOr<std::vector<Jurisdiction>> Read(const YAML::Node& document) {
    ASSIGN_OR_RETURN(const Fields fields, FieldsOf(document, {"jurisdictions"}, {}));
    const YAML::Node& list = fields.at("jurisdictions");
    RETURN_IF_ERROR(WantList(list, "jurisdictions"));
    std::vector<Jurisdiction> jurisdictions;
    for (const YAML::Node& node : list) {
      ASSIGN_OR_RETURN(Jurisdiction jurisdiction, ReadJurisdiction(node));
      jurisdictions.push_back(std::move(jurisdiction));
    }
    RETURN_IF_ERROR(FillIn(list, jurisdictions));
    return jurisdictions;
  }

 private:
  using Fields = std::map<std::string, YAML::Node>;

  absl::Status Error(const YAML::Node& at, absl::string_view text) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ":", LineOf(at), ": ", text));
  }

  absl::Status Unknown(const YAML::Node& at, absl::string_view kind, const std::vector<std::string>& known) const {
    const std::string nearest = at.IsScalar() ? NearestName(at.Scalar(), known) : "";
    return Error(at, absl::StrCat("unknown ", kind, " ", DescribeNode(at),
                                  nearest.empty() ? absl::StrCat("; known: ", absl::StrJoin(known, ", "))
                                                  : absl::StrCat("; did you mean '", nearest, "'?")));
  }

  absl::Status WantList(const YAML::Node& node, absl::string_view name) const {
    if (node.IsSequence() && node.size() > 0) return absl::OkStatus();
    return Error(node, absl::StrCat(name, ": wants a list of at least one, has ",
                                    node.IsSequence() ? "an empty one" : DescribeNode(node)));
  }

  absl::StatusOr<Fields> FieldsOf(const YAML::Node& node, const std::vector<std::string>& required,
                                  const std::vector<std::string>& optional) const {
    if (!node.IsMap()) return Error(node, absl::StrCat("wants a map, has ", DescribeNode(node)));
    std::vector<std::string> known = required;
    known.insert(known.end(), optional.begin(), optional.end());
    Fields fields;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar() || !absl::c_linear_search(known, entry.first.Scalar())) {
        return Unknown(entry.first, "key", known);
      }
      if (!fields.emplace(entry.first.Scalar(), entry.second).second) {
        return Error(entry.first, absl::StrCat("key ", DescribeNode(entry.first), " comes twice"));
      }
    }
    for (const std::string& name : required) {
      if (!fields.contains(name)) return Error(node, absl::StrCat("'", name, "' is missing"));
    }
    return fields;
  }

  absl::StatusOr<int> ValueOf(const YAML::Node& node, absl::string_view kind, const Names& names) const {
    std::vector<std::string> known;
    for (const auto& [name, value] : names) {
      if (node.IsScalar() && node.Scalar() == name) return value;
      known.push_back(name);
    }
    return Unknown(node, kind, known);
  }

  absl::StatusOr<Jurisdiction> ReadJurisdiction(const YAML::Node& node) {
    ASSIGN_OR_RETURN(const Fields fields, FieldsOf(node, {"name", "rules"}, {"countries"}));
    Jurisdiction jurisdiction;
    const YAML::Node& name = fields.at("name");
    if (!name.IsScalar() || name.Scalar().empty() || name.Scalar().size() > kMaxNameBytes) {
      return Error(name, absl::StrCat("name: ", DescribeNode(name), " is not 1 to ", kMaxNameBytes, " bytes"));
    }
    if (!names_.insert(name.Scalar()).second) {
      return Error(name, absl::StrCat("jurisdiction ", DescribeNode(name), " comes twice"));
    }
    jurisdiction.name = name.Scalar();
    const bool strictest = jurisdiction.name == kStrictest;
    if (fields.contains("countries") == strictest) {
      return Error(node,
                   strictest ? "strictest is for all countries of no other; it names none" : "'countries' is missing");
    }
    if (!strictest) RETURN_IF_ERROR(ReadCountries(fields.at("countries"), jurisdiction));
    RETURN_IF_ERROR(WantList(fields.at("rules"), "rules"));
    for (const YAML::Node& rule : fields.at("rules")) RETURN_IF_ERROR(ReadRule(rule, jurisdiction));
    return jurisdiction;
  }

  absl::Status ReadCountries(const YAML::Node& list, Jurisdiction& jurisdiction) {
    RETURN_IF_ERROR(WantList(list, "countries"));
    for (const YAML::Node& country : list) {
      if (!country.IsScalar() || !IsCountry(country.Scalar())) {
        return Error(country, absl::StrCat("countries: ", DescribeNode(country), " is not an ISO 3166-1 alpha-2 code"));
      }
      if (!countries_.insert(country.Scalar()).second) {
        return Error(country, absl::StrCat("country ", DescribeNode(country), " comes twice"));
      }
      jurisdiction.countries.push_back(country.Scalar());
    }
    return absl::OkStatus();
  }

  absl::Status ReadRule(const YAML::Node& node, Jurisdiction& jurisdiction) const {
    ASSIGN_OR_RETURN(const Fields fields,
                     FieldsOf(node, {"law", "channels", "message_class", "needs"}, {"implied_days"}));
    ConsentRule rule;
    const YAML::Node& law = fields.at("law");
    if (!law.IsScalar() || law.Scalar().empty()) return Error(law, "law: wants a text");
    rule.law = law.Scalar();
    RETURN_IF_ERROR(ReadNeeds(fields.at("needs"), rule));
    if (fields.contains("implied_days")) RETURN_IF_ERROR(ReadImpliedDays(fields.at("implied_days"), rule));
    ASSIGN_OR_RETURN(const int message_class, ValueOf(fields.at("message_class"), "message class", ClassNames()));
    RETURN_IF_ERROR(WantList(fields.at("channels"), "channels"));
    for (const YAML::Node& name : fields.at("channels")) {
      ASSIGN_OR_RETURN(const int channel, ValueOf(name, "channel", ChannelNames()));
      ConsentRule& place = jurisdiction.rules[channel][message_class == v1::MESSAGE_CLASS_TRANSACTIONAL];
      if (!place.law.empty()) {
        return Error(name, absl::StrCat("channel ", DescribeNode(name), " has a rule for this message class already"));
      }
      place = rule;
    }
    return absl::OkStatus();
  }

  absl::Status ReadNeeds(const YAML::Node& node, ConsentRule& rule) const {
    if (!node.IsSequence()) {
      ASSIGN_OR_RETURN(const int needs,
                       ValueOf(node, "need",
                               {{"nothing", static_cast<int>(ConsentRule::Needs::kNothing)},
                                {"no_objection", static_cast<int>(ConsentRule::Needs::kNoObjection)}}));
      rule.needs = static_cast<ConsentRule::Needs>(needs);
      // Given after an objection, any consent is looked at; only an express one counts then.
      rule.accepts.fill(true);
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(WantList(node, "needs"));
    for (const YAML::Node& name : node) {
      ASSIGN_OR_RETURN(const int basis, ValueOf(name, "legal basis", BasisNames()));
      rule.accepts[basis] = true;
    }
    // Unset means express (Consent.legal_basis).
    rule.accepts[v1::LEGAL_BASIS_UNSPECIFIED] = rule.accepts[v1::LEGAL_BASIS_EXPRESS_CONSENT];
    return absl::OkStatus();
  }

  absl::Status ReadImpliedDays(const YAML::Node& node, ConsentRule& rule) const {
    int days = 0;
    if (!node.IsScalar() || !absl::SimpleAtoi(node.Scalar(), &days) || days < 1 || days > kMaxImpliedDays) {
      return Error(node, absl::StrCat("implied_days: ", DescribeNode(node), " is not a whole number from 1 to ",
                                      kMaxImpliedDays));
    }
    rule.implied_lasts = absl::Hours(24) * days;
    return absl::OkStatus();
  }

  // Gives every jurisdiction the strictest's rules for what it says nothing of, and makes sure that those are.
  absl::Status FillIn(const YAML::Node& list, std::vector<Jurisdiction>& jurisdictions) const {
    const auto strictest = absl::c_find_if(jurisdictions, [](const auto& j) { return j.name == kStrictest; });
    if (strictest == jurisdictions.end()) return Error(list, "the jurisdiction 'strictest' is missing");
    const YAML::Node strictest_node = list[strictest - jurisdictions.begin()];
    for (size_t i = 0; i < jurisdictions.size(); ++i) {
      for (const auto& [name, channel] : ChannelNames()) {
        for (const size_t transactional : {0, 1}) {
          const std::string what = absl::StrCat(ClassNames()[transactional].first, " by ", name);
          const ConsentRule& strict = strictest->rules[channel][transactional];
          ConsentRule& rule = jurisdictions[i].rules[channel][transactional];
          if (strict.law.empty()) return Error(strictest_node, absl::StrCat("strictest has no rule for ", what));
          if (rule.law.empty()) rule = strict;
          if (IsAtLeastAsStrict(strict, rule)) continue;
          return Error(list[i],
                       absl::StrCat(jurisdictions[i].name, " asks for more than strictest does before ", what));
        }
      }
    }
    return absl::OkStatus();
  }

  const std::string& path_;
  std::set<std::string> names_, countries_;
};

absl::StatusOr<YAML::Node> ParseYaml(const std::string& text, const std::string& path) {
  try {
    return YAML::Load(text);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":", std::max(error.mark.line, 0) + 1, ": ", error.msg));
  }
}

}  // namespace

std::string ConsentRule::NeedsText() const {
  if (needs == Needs::kNothing) return "no consent";
  if (needs == Needs::kNoObjection) return "no objection";
  std::vector<absl::string_view> names;
  if (accepts[v1::LEGAL_BASIS_EXPRESS_CONSENT]) names.push_back("express consent");
  if (accepts[v1::LEGAL_BASIS_IMPLIED_CONSENT]) names.push_back("implied consent");
  if (accepts[v1::LEGAL_BASIS_LEGITIMATE_INTEREST]) names.push_back("a legitimate interest");
  return absl::StrJoin(names, " or ");
}

absl::StatusOr<Jurisdictions> Jurisdictions::ReadFromFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return absl::InvalidArgumentError(path + ": cannot be read, or is empty");
  return Parse(text.str(), path);
}

absl::StatusOr<Jurisdictions> Jurisdictions::Parse(const std::string& text, const std::string& path) {
  ASSIGN_OR_RETURN(const YAML::Node document, ParseYaml(text, path));
  Jurisdictions jurisdictions;
  ASSIGN_OR_RETURN(jurisdictions.list_, Reader(path).Read(document));
  for (size_t i = 0; i < jurisdictions.list_.size(); ++i) {
    if (jurisdictions.list_[i].name == kStrictest) jurisdictions.strictest_ = i;
    for (const std::string& country : jurisdictions.list_[i].countries) jurisdictions.by_country_.emplace(country, i);
  }
  return jurisdictions;
}

bool Jurisdictions::IsName(absl::string_view name) const {
  return name != kStrictest && absl::c_any_of(list_, [&](const Jurisdiction& j) { return j.name == name; });
}

}  // namespace campaign::compliance
