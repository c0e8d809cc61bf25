import 'dep';
