#pragma once

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace campaign::compliance {

// A message holds the number of a payment card; BLOCK.
inline constexpr absl::string_view kCardNumber = "CARD_NUMBER";
// A message holds a number that a state has given to a person; BLOCK.
inline constexpr absl::string_view kNationalIdNumber = "NATIONAL_ID_NUMBER";
// A message holds the number of a bank account; BLOCK.
inline constexpr absl::string_view kBankAccountNumber = "BANK_ACCOUNT_NUMBER";

// A number that has no place in a message.
struct IdNumber {
  absl::string_view code;
  absl::string_view kind;       // "payment card", "IBAN", "US Social Security number"; for people.
  absl::string_view last_four;  // Of cards, which may be shown; else empty.
};

// Finds numbers in a folded text (FoldText), by their checksums (ISO/IEC 7812 for cards, ISO 13616 for IBANs, and what
// each state lays down), or by structure where there is none; a US number also needs to be called one. Groups may be
// separated by single spaces, dashes or dots. What stands within a longer word or a URL is none, nor is a telephone
// number that begins with "+". The views live as long as the call.
void FindIdNumbers(absl::string_view folded, absl::FunctionRef<void(const IdNumber&)> found);

}  // namespace campaign::compliance
