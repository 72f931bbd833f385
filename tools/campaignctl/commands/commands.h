#pragma once

#include <vector>

#include "tools/campaignctl/command.h"

namespace campaign::ctl {

// The commands of each file of this folder.
std::vector<Command> CampaignCommands();        // apply, campaigns
std::vector<Command> ImportCommands();          // import
std::vector<Command> RunCommands();             // run, watch, cancel
std::vector<Command> RunListCommands();         // runs, customers, deliveries
std::vector<Command> ResolveCommands();         // resolve
std::vector<Command> ExplainCommands();         // explain
std::vector<Command> ReplayCommands();          // replay
std::vector<Command> ReviewCommands();          // reviews, review
std::vector<Command> ReviewDecisionCommands();  // approve, modify, reject
std::vector<Command> ReportCommands();          // report
std::vector<Command> TrainPersonasCommands();   // train personas
std::vector<Command> TrainIntentCommands();     // train intent
std::vector<Command> TrainChurnCommands();      // train churn
std::vector<Command> SuppressionCommands();     // suppress add, suppress remove, suppress list

}  // namespace campaign::ctl
