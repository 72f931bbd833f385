#pragma once

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace campaign::shop {

// Something that Nordlicht sells.
struct Product {
  absl::string_view product_id;
  absl::string_view name;
  // US cents.
  int64_t price_minor;
};

struct Category {
  absl::string_view name;
  // Share of all order lines, before a customer's own taste.
  double weight;
  absl::Span<const Product> products;
};

inline constexpr int kCategoryCount = 7;
// By index: accessories, audio, laptops, phones, home, wearables, gaming.
const std::array<Category, kCategoryCount>& Categories();
inline constexpr int kAccessories = 0;
inline constexpr int kLaptops = 2;
inline constexpr int kPhones = 3;

// The product with this id; it must exist. `category` is set to its category's index.
const Product& FindProduct(absl::string_view product_id, int& category);

// A feature of the companion app.
struct AppFeature {
  absl::string_view name;
  // When it came out and the first customers were told of it, days before `now`.
  double announced_days_ago;
  // Customers are told one after another over so many days.
  double rollout_days;
  // Share of the app's users who take it up.
  double adoption;
  // Uses in 30 days of one who does, on average.
  double uses_30d;
};

inline constexpr int kFeatureCount = 5;
// By announcement, oldest first; ai_search is last.
const std::array<AppFeature, kFeatureCount>& AppFeatures();

}  // namespace campaign::shop
