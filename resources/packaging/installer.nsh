; What the Windows installer does beside copying: it stops a running mail server first, offers firewall rules, and asks before data goes.

!include LogicLib.nsh

!macro mallardStop
  ; The wrapper stops the service by the control API; without a service there may be an appliance that the window started.
  IfFileExists "$COMMONPROGRAMDATA\Mallard\service\mallard-service.exe" 0 +2
    nsExec::ExecToLog '"$COMMONPROGRAMDATA\Mallard\service\mallard-service.exe" stopwait'
  IfFileExists "$INSTDIR\resources\appliance\bin\mallard.cmd" 0 +2
    nsExec::ExecToLog '"$INSTDIR\resources\appliance\bin\mallard.cmd" stop'
!macroend

; Files in use would leave half of each version.
!macro customInit
  !insertmacro mallardStop
!macroend

!macro customInstall
  ; Only an installation for everybody may change the firewall, and only when the person wants it. Silent installations do not.
  ${If} $installMode == "all"
    MessageBox MB_YESNO|MB_ICONQUESTION "Shall other computers on private and domain networks reach this mail server?$\r$\n$\r$\nThis allows Mallard in the Windows firewall. Public networks stay closed." /SD IDNO IDNO mallardNoFirewall
      nsExec::ExecToLog 'netsh advfirewall firewall delete rule name="Mallard mail server"'
      nsExec::ExecToLog 'netsh advfirewall firewall add rule name="Mallard mail server" dir=in action=allow program="$INSTDIR\resources\appliance\resources\bin\win32-x64\node.exe" profile=private,domain enable=yes'
    mallardNoFirewall:
    ; The databases are for this computer alone, whatever Windows would ask about them.
    nsExec::ExecToLog 'netsh advfirewall firewall delete rule name="Mallard database"'
    nsExec::ExecToLog 'netsh advfirewall firewall add rule name="Mallard database" dir=in action=block program="$INSTDIR\resources\appliance\resources\bin\win32-x64\mongod.exe" enable=yes'
    IfFileExists "$COMMONPROGRAMDATA\Mallard\service\mallard-service.exe" 0 +2
      nsExec::ExecToLog '"$COMMONPROGRAMDATA\Mallard\service\mallard-service.exe" start'
  ${EndIf}
!macroend

!macro customUnInit
  !insertmacro mallardStop
!macroend

!macro customUnInstall
  ; An update uninstalls the former version first: everything of the person's stays then.
  ${IfNot} ${isUpdated}
    IfFileExists "$COMMONPROGRAMDATA\Mallard\service\mallard-service.exe" 0 +3
      nsExec::ExecToLog '"$COMMONPROGRAMDATA\Mallard\service\mallard-service.exe" uninstall'
      RMDir /r "$COMMONPROGRAMDATA\Mallard\service"
    nsExec::ExecToLog 'netsh advfirewall firewall delete rule name="Mallard mail server"'
    nsExec::ExecToLog 'netsh advfirewall firewall delete rule name="Mallard database"'
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "mail.mallard.desktop"
    ; Silent: the data stays.
    MessageBox MB_YESNO|MB_ICONQUESTION "Keep all mail, accounts and settings?$\r$\n$\r$\nIf you are not sure, choose Yes." /SD IDYES IDYES mallardKeep
      MessageBox MB_OKCANCEL|MB_ICONEXCLAMATION|MB_DEFBUTTON2 "All mail in this folder is deleted for good:$\r$\n$\r$\n$LOCALAPPDATA\Mallard" /SD IDCANCEL IDCANCEL mallardKeep
        RMDir /r "$LOCALAPPDATA\Mallard"
    mallardKeep:
  ${EndIf}
!macroend
