#pragma once

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// Types of flags that know their bounds, so that a value outside them is refused where it is read and with its place.
namespace campaign {

// A whole number from Min to Max.
template <int Min, int Max>
struct Whole {
  int value;
};

template <int Min, int Max>
bool AbslParseFlag(absl::string_view text, Whole<Min, Max>* whole, std::string* error) {
  int value = 0;
  if (absl::SimpleAtoi(text, &value) && value >= Min && value <= Max) return whole->value = value, true;
  *error = absl::StrCat("is not a whole number from ", Min, " to ", Max);
  return false;
}

template <int Min, int Max>
std::string AbslUnparseFlag(const Whole<Min, Max>& whole) {
  return absl::StrCat(whole.value);
}

// A duration from MinSeconds to MaxSeconds.
template <int MinSeconds, int MaxSeconds>
struct Span {
  absl::Duration value;
};

template <int MinSeconds, int MaxSeconds>
bool AbslParseFlag(absl::string_view text, Span<MinSeconds, MaxSeconds>* span, std::string* error) {
  const absl::Duration min = absl::Seconds(MinSeconds), max = absl::Seconds(MaxSeconds);
  absl::Duration value;
  if (absl::ParseDuration(text, &value) && value >= min && value <= max) return span->value = value, true;
  *error = absl::StrCat("is not a duration such as 1m30s, from ", absl::FormatDuration(min), " to ",
                        absl::FormatDuration(max));
  return false;
}

template <int MinSeconds, int MaxSeconds>
std::string AbslUnparseFlag(const Span<MinSeconds, MaxSeconds>& span) {
  return absl::FormatDuration(span.value);
}

// HOST:PORT, or empty where it was never set. Of a target the host may be a gRPC name such as dns:///retrieval.
struct Address {
  std::string text;
};
bool AbslParseFlag(absl::string_view text, Address* address, std::string* error);
std::string AbslUnparseFlag(const Address& address);

}  // namespace campaign
