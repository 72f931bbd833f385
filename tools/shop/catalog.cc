#include "tools/shop/catalog.h"

#include "absl/base/internal/raw_logging.h"

namespace campaign::shop {
namespace {

constexpr Product kAccessoryProducts[] = {
    {"acc-usb-c-hub", "USB-C hub", 4999},         {"acc-usb-c-cable", "USB-C cable", 1499},
    {"acc-charger-65w", "65 W charger", 3999},    {"acc-phone-case", "phone case", 2499},
    {"acc-laptop-sleeve", "laptop sleeve", 3499}, {"acc-wireless-mouse", "wireless mouse", 3999},
    {"acc-keyboard", "compact keyboard", 6999},   {"acc-power-bank", "power bank", 4499},
    {"acc-desk-stand", "desk stand", 5499},       {"acc-screen-cloth", "screen cloth", 999},
};
constexpr Product kAudioProducts[] = {
    {"aud-earbuds", "wireless earbuds", 8999},   {"aud-headphones", "noise-cancelling headphones", 24999},
    {"aud-speaker", "bluetooth speaker", 12999}, {"aud-soundbar", "soundbar", 29999},
    {"aud-microphone", "USB microphone", 9999},
};
constexpr Product kLaptopProducts[] = {
    {"lap-air-13", "13-inch laptop", 109900},
    {"lap-pro-14", "14-inch pro laptop", 189900},
    {"lap-student-15", "15-inch student laptop", 69900},
};
constexpr Product kPhoneProducts[] = {
    {"pho-lite", "Lite phone", 34900},
    {"pho-standard", "smartphone", 64900},
    {"pho-pro", "Pro smartphone", 109900},
};
constexpr Product kHomeProducts[] = {
    {"hom-smart-bulb", "smart bulb", 1999},
    {"hom-thermostat", "smart thermostat", 17999},
    {"hom-robot-vacuum", "robot vacuum", 34999},
    {"hom-air-monitor", "air monitor", 7999},
    {"hom-plug", "smart plug", 2499},
    {"hom-doorbell", "video doorbell", 14999},
};
constexpr Product kWearableProducts[] = {
    {"wea-band", "fitness band", 5999},
    {"wea-watch", "smart watch", 24999},
    {"wea-watch-pro", "sports watch", 44999},
};
constexpr Product kGamingProducts[] = {
    {"gam-controller", "game controller", 6499},
    {"gam-headset", "gaming headset", 8999},
    {"gam-handheld", "handheld console", 39999},
    {"gam-mouse-pad", "large mouse pad", 2499},
};

}  // namespace

const std::array<Category, kCategoryCount>& Categories() {
  static constexpr std::array<Category, kCategoryCount> kCategories = {{
      {"accessories", 0.45, kAccessoryProducts},
      {"audio", 0.17, kAudioProducts},
      {"laptops", 0.04, kLaptopProducts},
      {"phones", 0.06, kPhoneProducts},
      {"home", 0.15, kHomeProducts},
      {"wearables", 0.07, kWearableProducts},
      {"gaming", 0.06, kGamingProducts},
  }};
  return kCategories;
}

const Product& FindProduct(absl::string_view product_id, int& category) {
  for (category = 0; category < kCategoryCount; ++category) {
    for (const Product& product : Categories()[category].products) {
      if (product.product_id == product_id) return product;
    }
  }
  ABSL_RAW_CHECK(false, "no such product");
  return Categories()[0].products[0];
}

const std::array<AppFeature, kFeatureCount>& AppFeatures() {
  static constexpr std::array<AppFeature, kFeatureCount> kFeatures = {{
      {"order_tracking", 900, 10, 0.70, 1.5},
      {"wishlists", 540, 10, 0.40, 1.2},
      {"price_alerts", 300, 14, 0.30, 1.8},
      {"app_themes", 120, 14, 0.20, 0.3},
      {"ai_search", 24, 14, 0.22, 4.0},
  }};
  return kFeatures;
}

}  // namespace campaign::shop
