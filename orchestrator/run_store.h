#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/orchestrator.pb.h"
#include "common/database.h"
#include "orchestrator/journal.pb.h"
#include "orchestrator/names.h"

namespace campaign::orchestrator {

// Customer runs by state, indexed by v1::CustomerRunState.
using StateArray = std::array<int64_t, v1::CustomerRunState_ARRAYSIZE>;

// A row of campaign_run.
struct CampaignRunRow {
  int64_t number = 0;
  std::string id;
  std::string campaign;
  std::string version;
  bool dry_run = false;
  bool cancelled = false;
  // Every customer of the target has a customer run.
  bool expanded = false;
  // How far the target has been read: the last customer_id of an audience, the count of a list.
  std::string cursor;
  int64_t next_sequence = 0;
  StateArray counts{};
  // The call that started it.
  v1::RunCampaignRequest request;
  absl::Time create_time;
  absl::Time update_time;
};

// A row of customer_run.
struct CustomerRunRow {
  int64_t key = 0;
  std::string customer_id;
  int64_t batch_id = 0;
  int32_t slot = 0;
  v1::CustomerRunState state = v1::CUSTOMER_RUN_STATE_UNSPECIFIED;
  absl::optional<absl::Time> wake_time;
  ReasonList reasons;
};

// A row of batch with its journal.
struct BatchRow {
  int64_t id = 0;
  std::string campaign;
  std::string version;
  bool dry_run = false;
  bool bulk = false;
  BatchMembers members;
  std::vector<JournalEntry> entries;
};

// An answer kept for a repeated request_id.
struct RequestMemo {
  std::string fingerprint;
  int64_t run_number = 0;
  // Unset while the first call has not been answered.
  absl::optional<std::string> response;
};

// Every SQL statement on runs, batches, the journal and memos. A view of a connection; use it where the connection may
// be used. SQLite errors are thrown as SQLite::Exception, which Database turns into a status.
class RunStore {
 public:
  explicit RunStore(Connection& connection) : connection_(connection) {}

  static const char* Schema();

  // Fills in `number`.
  void InsertRun(CampaignRunRow& run);
  absl::optional<CampaignRunRow> FindRun(absl::string_view id);
  absl::optional<CampaignRunRow> FindRun(int64_t number);
  // Newest first, before `number` (0: from the newest); all campaigns where `campaign` is empty.
  std::vector<CampaignRunRow> ListRuns(const std::string& campaign, int64_t before_number, int page_size);
  // Those neither expanded nor cancelled, oldest first.
  std::vector<int64_t> UnexpandedRuns();
  std::vector<int64_t> CancelledRuns();
  void AdvanceRun(int64_t number, const std::string& cursor, int64_t next_sequence, bool expanded);
  void CancelRun(int64_t number, absl::Time now);
  // Adds `deltas` to the counts.
  void CountRun(int64_t number, const StateArray& deltas, absl::Time now);

  void InsertCustomerRun(const CustomerRunRow& row);
  absl::optional<CustomerRunRow> FindCustomerRun(int64_t key);
  // By key, after `after_key`, within the run; every state where `state` is unspecified, every customer where empty.
  std::vector<CustomerRunRow> ListCustomerRuns(int64_t run_number, int64_t after_key, v1::CustomerRunState state,
                                               const std::string& customer_id, int page_size);
  void MoveCustomerRun(int64_t key, int64_t batch_id, int32_t slot);
  void SetCustomerRunState(int64_t key, v1::CustomerRunState state, absl::optional<absl::Time> wake_time,
                           const ReasonList& reasons);
  // Waiting ones whose time has come, earliest first.
  std::vector<CustomerRunRow> DueCustomerRuns(absl::Time now, int limit);
  // Waiting ones of a run, but for those whose dispatch is in doubt: they were handed over.
  std::vector<CustomerRunRow> WaitingCustomerRuns(int64_t run_number, int limit);
  // The earliest time at which a waiting one is due.
  absl::optional<absl::Time> NextWakeTime();

  // Notes that the customer run waits for somebody who knows what became of its dispatch, or that it does no more.
  void AwaitResolution(int64_t key);
  void EndResolution(int64_t key);
  // Those that do, after `after_key`, by key.
  std::vector<int64_t> AwaitingResolution(int64_t after_key, int limit);

  // Returns its id. The entries are not written.
  int64_t InsertBatch(const BatchRow& batch);
  void AppendEntry(int64_t batch_id, int ordinal, const std::string& entry);
  void CloseBatch(int64_t batch_id);
  BatchRow LoadBatch(int64_t batch_id);
  // Those that still have members on the way.
  std::vector<int64_t> OpenBatches();

  absl::optional<RequestMemo> FindMemo(absl::string_view request_id);
  void InsertMemo(absl::string_view request_id, const RequestMemo& memo, absl::Time now);
  // Keeps the first response; later ones change nothing.
  void SetMemoResponse(absl::string_view request_id, const std::string& response);

 private:
  Connection& connection_;
};

// Customer runs that change state, for the counts of their runs.
class StateMoves {
 public:
  void Move(int64_t customer_run, v1::CustomerRunState from, v1::CustomerRunState to) {
    StateArray& deltas = deltas_[RunNumberOf(customer_run)];
    --deltas[from];
    ++deltas[to];
  }
  void Write(RunStore& store, absl::Time now) const {
    for (const auto& [run, deltas] : deltas_) store.CountRun(run, deltas, now);
  }
  std::vector<int64_t> Runs() const {
    std::vector<int64_t> runs;
    for (const auto& [run, deltas] : deltas_) runs.push_back(run);
    return runs;
  }

 private:
  absl::flat_hash_map<int64_t, StateArray> deltas_;
};

}  // namespace campaign::orchestrator
