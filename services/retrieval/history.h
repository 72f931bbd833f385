#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/retrieval.pb.h"
#include "services/retrieval/history.pb.h"
#include "services/retrieval/series.h"

namespace campaign::retrieval {

// What a history is bounded to, so that a customer's row stays small however much they do. Windows of a Profile reach
// back 365 days at most; one day more is kept because an event may be a day ahead of the clock, and one for rounding.
inline constexpr SeriesBounds kPurchaseBounds{367 * kDaySeconds, 400, /*has_amounts=*/true};
inline constexpr SeriesBounds kActivityBounds{62 * kDaySeconds, 128};
inline constexpr SeriesBounds kCategoryPurchaseBounds{367 * kDaySeconds, 64, /*has_amounts=*/true};
inline constexpr SeriesBounds kCategoryViewBounds{32 * kDaySeconds, 40};
inline constexpr SeriesBounds kTicketBounds{92 * kDaySeconds, 96};
inline constexpr SeriesBounds kComplaintBounds{367 * kDaySeconds, 32};
// The categories kept are those with purchases, then those touched last; features those touched last; tickets the open
// ones first, of these the sensitive ones; messages the newest, over which responses by channel are counted.
inline constexpr int kMaxCategories = 32;
inline constexpr int kMaxFeatures = 32;
inline constexpr int kMaxTickets = 32;
inline constexpr int kMaxMessages = 32;
inline constexpr int kMaxViewedProducts = 8;
inline constexpr int kMaxBoughtProducts = 64;
inline constexpr int kMaxTexts = 5;
// What a Profile carries of a text.
inline constexpr size_t kMaxTextBytes = 512;

// INVALID_ARGUMENT "<field_path>.seconds: ...": no valid time, before 1970 or more than a day after now.
absl::Status CheckTime(absl::string_view field_path, const google::protobuf::Timestamp& time, absl::Time now);

// Whether `event` can be recorded at `now`. INVALID_ARGUMENT: no kind, a status, kind, source or channel that is not
// given, no event_time, or one before 1970 or more than a day after now.
absl::Status CheckEvent(const v1::Event& event, absl::Time now);

// Brings `history` up to date with an event that CheckEvent passed. Events may come in any order; each must come once.
void ApplyEvent(const v1::Event& event, History& history);

// Whether the ticket is open.
inline bool IsOpen(const TicketHistory& ticket) { return ticket.opened_time() > ticket.closed_time(); }

// Stable 64-bit fingerprint (FNV-1a) that stands for a customer_run_id in a history: 8 bytes instead of up to 64, and
// two of one customer's 32 messages collide with a probability below 1e-16.
uint64_t RunFingerprint(absl::string_view customer_run_id);

// The same in 32 bits for a product that was bought: one of 8 viewed products is taken for one of 64 bought ones by
// mistake with a probability of 1e-7.
uint32_t ProductFingerprint(absl::string_view product_id);

}  // namespace campaign::retrieval
