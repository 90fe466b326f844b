export const inputsWithIdempotencyKey: ReadonlySet<string> = new Set([
  "BookAppointmentInput",
  "CancelAppointmentInput",
  "CreateFollowUpInput",
  "CreatePortalLinkInput",
  "DisconnectPatientPortalInput",
  "DismissPortalRequestInput",
  "EnablePortalAccessInput",
  "InvitePatientToPortalInput",
  "JoinAsapListInput",
  "LeaveAsapListInput",
  "OnboardPatientInput",
  "RequestEConsultInput",
  "RescheduleAppointmentInput",
  "RevokePortalAccessInput",
  "ScheduleVisitInput",
  "StartWalkInVisitInput"
]);
