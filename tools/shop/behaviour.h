#pragma once

#include <vector>

#include "campaign/v1/retrieval.pb.h"
#include "tools/shop/traits.h"

namespace campaign::shop {

// Purchases and tickets of two years, feature use, page views, searches, chats and newsletters of the last months, by
// time. `volume` scales views, searches, chats, feature use and newsletters (1: as a shop sees them), so that a
// benchmark can have many customers with few events.
std::vector<v1::Event> MakeEvents(const Traits& traits, double volume, Random& random);

}  // namespace campaign::shop
