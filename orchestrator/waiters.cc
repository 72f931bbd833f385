#include "orchestrator/waiters.h"

#include <utility>

#include "orchestrator/run_store.h"
#include "orchestrator/views.h"

namespace campaign::orchestrator {

int64_t Waiters::Add(int64_t run_number, Waiter waiter) {
  waiter.id = next_id_++;
  std::vector<Waiter>& waiting = waiters_[run_number];
  waiting.push_back(std::move(waiter));
  return waiting.back().id;
}

std::vector<int64_t> Waiters::Runs() const {
  std::vector<int64_t> runs;
  for (const auto& [run, waiting] : waiters_) runs.push_back(run);
  return runs;
}

std::vector<Waiters::Answer> Waiters::Make(Connection& connection, const std::vector<int64_t>& run_numbers,
                                           bool even_if_unsettled) const {
  std::vector<Answer> answers;
  RunStore store(connection);
  for (const int64_t number : run_numbers) {
    const auto waiting = waiters_.find(number);
    if (waiting == waiters_.end()) continue;
    const auto run = store.FindRun(number);
    if (!run.has_value() || (!even_if_unsettled && !IsSettled(*run))) continue;
    Answer& answer = answers.emplace_back(Answer{number, ViewResponse(connection, *run)});
    for (const Waiter& waiter : waiting->second) {
      if (waiter.request_id.empty()) continue;
      store.SetMemoResponse(waiter.request_id, answer.response.SerializeAsString());
    }
  }
  return answers;
}

void Waiters::Give(const std::vector<Answer>& answers) {
  for (const Answer& answer : answers) {
    auto node = waiters_.extract(answer.run_number);
    if (node.empty()) continue;
    for (Waiter& waiter : node.mapped()) {
      *waiter.response = answer.response;
      waiter.done(absl::OkStatus());
    }
  }
}

void Waiters::Give(const Answer& answer, int64_t waiter_id) {
  const auto waiting = waiters_.find(answer.run_number);
  if (waiting == waiters_.end()) return;
  std::vector<Waiter>& list = waiting->second;
  for (auto it = list.begin(); it != list.end(); ++it) {
    if (it->id != waiter_id) continue;
    Waiter waiter = std::move(*it);
    list.erase(it);
    if (list.empty()) waiters_.erase(waiting);
    *waiter.response = answer.response;
    waiter.done(absl::OkStatus());
    return;
  }
}

}  // namespace campaign::orchestrator
