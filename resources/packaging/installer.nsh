; What the Windows installer does beside copying: it stops a running mail server first, offers firewall rules, and asks before data goes.
; Included by electron-builder's script, which knows $installMode and ${isUpdated}.

!include LogicLib.nsh

; $R9: the folder of the service's wrapper, as `mallard service install` has it.
!macro mallardServiceFolder
  ReadEnvStr $R9 "ProgramData"
  StrCpy $R9 "$R9\Mallard\service"
!macroend

; Files in use would leave half of each version. The wrapper stops the service by the control API; without a service there may be an appliance that
; the window started. Both wait until the databases have closed.
!macro mallardStop
  !insertmacro mallardServiceFolder
  ${If} ${FileExists} "$R9\mallard-service.exe"
    nsExec::ExecToLog '"$R9\mallard-service.exe" stopwait'
    Pop $R8
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\resources\appliance\bin\mallard.cmd"
    nsExec::ExecToLog '"$INSTDIR\resources\appliance\bin\mallard.cmd" stop'
    Pop $R8
  ${EndIf}
!macroend

!macro mallardNetsh PARAMETERS
  nsExec::ExecToLog 'netsh advfirewall firewall ${PARAMETERS}'
  Pop $R8
!macroend

!macro customInit
  !insertmacro mallardStop
!macroend

!macro customInstall
  ; Only an installation for everybody may change the firewall.
  ${If} $installMode == "all"
    StrCpy $R7 "$INSTDIR\resources\appliance\resources\bin\win32-x64"
    ; An update keeps what was decided the first time; a silent installation opens nothing.
    ${IfNot} ${isUpdated}
      MessageBox MB_YESNO|MB_ICONQUESTION "Shall other computers on private and domain networks reach this mail server?$\r$\n$\r$\nThis allows Mallard in the Windows firewall. Public networks stay closed." /SD IDNO IDNO mallardNoFirewall
        !insertmacro mallardNetsh 'delete rule name="Mallard mail server"'
        !insertmacro mallardNetsh 'add rule name="Mallard mail server" dir=in action=allow program="$R7\node.exe" profile=private,domain enable=yes'
      mallardNoFirewall:
      ; The databases are for this computer alone, whatever Windows would ask about them.
      !insertmacro mallardNetsh 'delete rule name="Mallard database"'
      !insertmacro mallardNetsh 'add rule name="Mallard database" dir=in action=block program="$R7\mongod.exe" enable=yes'
    ${EndIf}
    !insertmacro mallardServiceFolder
    ${If} ${FileExists} "$R9\mallard-service.exe"
      nsExec::ExecToLog '"$R9\mallard-service.exe" start'
      Pop $R8
    ${EndIf}
  ${EndIf}
!macroend

!macro customUnInit
  !insertmacro mallardStop
!macroend

!macro customUnInstall
  ; An update uninstalls the former version first: everything of the person's stays then.
  ${IfNot} ${isUpdated}
    !insertmacro mallardServiceFolder
    ${If} ${FileExists} "$R9\mallard-service.exe"
      nsExec::ExecToLog '"$R9\mallard-service.exe" uninstall'
      Pop $R8
      RMDir /r "$R9"
    ${EndIf}
    !insertmacro mallardNetsh 'delete rule name="Mallard mail server"'
    !insertmacro mallardNetsh 'delete rule name="Mallard database"'
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "mail.mallard.desktop"
    ; The data is the person's, also where the program was installed for everybody.
    SetShellVarContext current
    ${If} ${FileExists} "$LOCALAPPDATA\Mallard\*.*"
      ; Silent: the data stays.
      MessageBox MB_YESNO|MB_ICONQUESTION "Keep all mail, accounts and settings?$\r$\n$\r$\nIf you are not sure, choose Yes." /SD IDYES IDYES mallardKeep
      MessageBox MB_OKCANCEL|MB_ICONEXCLAMATION|MB_DEFBUTTON2 "All mail in this folder is deleted for good:$\r$\n$\r$\n$LOCALAPPDATA\Mallard" /SD IDCANCEL IDCANCEL mallardKeep
        RMDir /r "$LOCALAPPDATA\Mallard"
      mallardKeep:
    ${EndIf}
    ${If} $installMode == "all"
      SetShellVarContext all
    ${EndIf}
  ${EndIf}
!macroend
