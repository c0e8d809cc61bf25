// ours
