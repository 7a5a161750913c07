// Package observe is the family that watches the others work: MONITOR, SLOWLOG and
// LATENCY.
//
// It is one core.Observer. Core shows it every command while somebody monitors,
// and otherwise only those that take as long as the lower of the thresholds
// slowlog-log-slower-than and latency-monitor-threshold, so that watching costs nothing
// where there is nothing to see. Events that are no commands come through Engine.Latency.
//
// Arguments that a command's spec calls secret are shown as "(redacted)".
package observe
