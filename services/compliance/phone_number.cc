#include "services/compliance/phone_number.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "phonenumbers/phonenumberutil.h"

namespace campaign::compliance {
namespace {

using ::i18n::phonenumbers::PhoneNumber;
using ::i18n::phonenumbers::PhoneNumberUtil;

constexpr char kUnknownRegion[] = "ZZ";

// Thread-safe; reads its tables once, in some milliseconds.
const PhoneNumberUtil& Library() { return *PhoneNumberUtil::GetInstance(); }

// "+1" and ten digits that begin neither with 0 nor with 1 are all of a North American number. Of these the library
// says nothing else, in eight microseconds.
bool IsWholeNorthAmerican(absl::string_view number) {
  return number.size() == 12 && absl::StartsWith(number, "+1") && number[2] >= '2' &&
         std::all_of(number.begin() + 2, number.end(), absl::ascii_isdigit);
}

}  // namespace

absl::optional<std::string> ToE164(absl::string_view number, absl::string_view country) {
  if (IsWholeNorthAmerican(number)) return std::string(number);
  PhoneNumber parsed;
  const std::string region = country.empty() ? kUnknownRegion : absl::AsciiStrToUpper(country);
  if (Library().Parse(std::string(number), region, &parsed) != PhoneNumberUtil::NO_PARSING_ERROR) return absl::nullopt;
  // Also of the right length. Whether somebody has been given the number is nothing that the tables could know today.
  if (Library().IsPossibleNumberWithReason(parsed) != PhoneNumberUtil::IS_POSSIBLE) return absl::nullopt;
  std::string e164;
  Library().Format(parsed, PhoneNumberUtil::E164, &e164);
  return e164;
}

std::string CountryOfPhone(absl::string_view e164) {
  PhoneNumber parsed;
  std::string country;
  if (Library().Parse(std::string(e164), kUnknownRegion, &parsed) == PhoneNumberUtil::NO_PARSING_ERROR) {
    Library().GetRegionCodeForNumber(parsed, &country);
  }
  // "ZZ" is none; "001" is what numbers of no country have.
  return country == kUnknownRegion || country.size() != 2 ? "" : country;
}

}  // namespace campaign::compliance
